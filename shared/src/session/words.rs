//! What a person reads when the hub does not want this client (back).

use crate::wire::close;

/// Why the connection is over for good, and what to do.
pub(super) fn refused(code: u16, reason: &str) -> String {
    let mut words = match code {
        close::VERSION => {
            "The hub speaks another version of the protocol. Reload the page, or bring client and hub to one version."
                .to_owned()
        }
        close::REPLACED => "Another tab or program took over this session. Try again to take it back here.".to_owned(),
        close::TOO_MANY_COOKIES => {
            "Too many wrong cookies came from this address. Wait a minute, then try again with the right one."
                .to_owned()
        }
        1008 => "The hub took this client's messages for nonsense or a flood and let it go. Try again.".to_owned(),
        1009 => {
            "The hub found a message too large and closed the connection. Send it in parts, then try again.".to_owned()
        }
        _ => format!("The hub closed the connection for good (code {code})."),
    };
    add_reason(&mut words, reason);
    words
}

/// Why a cookie is asked for.
pub(super) fn cookie_wanted(had_one: bool) -> String {
    if had_one {
        "The cookie is wrong. Copy it anew from the invitation link, or ask whoever runs the hub.".to_owned()
    } else {
        "This hub wants a cookie. It stands in the invitation link; whoever runs the hub has it.".to_owned()
    }
}

fn add_reason(words: &mut String, reason: &str) {
    let reason = reason.trim();
    if !reason.is_empty() {
        words.push_str(" It says: “");
        words.push_str(reason);
        words.push('”');
    }
}
