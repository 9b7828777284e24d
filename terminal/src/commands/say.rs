//! `hubbub say`: something is said, and is on the hub's disk.

use node::Client;
use shared::message::{Refusal, Sent};
use shared::wire;
use tokio::time::{Instant, timeout_at};

use super::input::{self, STDIN};
use super::{End, PATIENCE, asked, beside_the_lobby, join, leave};
use crate::arguments::{Say, Who};
use crate::exit::Code;
use crate::joining::{self, Opened};
use crate::stopping::Stop;

pub(super) async fn run(say: Say, who: &Who, stop: &mut Stop) -> Result<Code, End> {
    let Say { room, to, text } = say;
    // First of all, so that nobody is seen to come while somebody still types.
    let text = if text.is_empty() || text == [STDIN] { input::read(stop, "said").await? } else { text.join(" ") };
    fit(&text)?;
    let Opened { client, deliveries, warning, hub, .. } = joining::speak(who, stop).await?;
    drop(deliveries); // what others say is nothing to us
    if let Some(warning) = warning {
        super::warn(&warning);
    }
    let room = room.as_deref().unwrap_or(shared::room::LOBBY);
    let said = asked((&client, &hub), stop, said(&client, room, to.as_deref(), &text)).await;
    leave(&client).await;
    match said {
        Ok(_) => Ok(Code::Done),
        Err(End::Stopped(code)) => Err(End::failed(code, "Stopped before the hub answered: it may have been said.")),
        Err(end) => Err(end),
    }
}

/// It is kept and sent again by the client, with the same id, over as many connections as that takes.
async fn said(client: &Client, room: &str, to: Option<&str>, text: &str) -> Result<Sent, End> {
    let until = Instant::now() + PATIENCE;
    let answer = match to {
        Some(nick) => client.private_message(nick, text),
        None => {
            if let Some(room) = beside_the_lobby(Some(room)) {
                join(client, room, until).await?;
            }
            client.say(room, text)
        }
    };
    match timeout_at(until, answer).await {
        Ok(sent) => Ok(sent?),
        Err(_) => {
            let words = format!("The hub did not answer within {} s: it may have been said.", PATIENCE.as_secs());
            Err(End::failed(Code::NoHub, words))
        }
    }
}

/// Whether it can be said at all, by the wire's own rule.
fn fit(text: &str) -> Result<(), End> {
    match wire::trim_text(text) {
        Ok(_) => Ok(()),
        Err(wire::TextError::Empty) => Err(End::failed(Code::Failed, "There is nothing to say: the text is empty.")),
        Err(error) => Err(Refusal::from(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use shared::wire::MAX_TEXT;

    use super::*;

    #[test]
    fn what_is_too_long_is_told_with_its_length_and_the_limit() {
        assert!(fit(&"a".repeat(MAX_TEXT)).is_ok());
        let Err(End::Failed(failure)) = fit(&"a".repeat(MAX_TEXT + 1)) else { panic!("it fits") };
        assert_eq!(failure.code, Code::Failed);
        assert!(failure.words.contains("16385") && failure.words.contains("16384"), "{failure}");
        let Err(End::Failed(failure)) = fit(" \n") else { panic!("it is something") };
        assert_eq!(failure.code, Code::Failed, "the command line was understood");
    }
}
