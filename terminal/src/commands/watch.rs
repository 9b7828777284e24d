//! `hubbub watch`: what the keys of the replicated store hold, and what becomes of them.

use serde_json::{Value, json};

use super::{End, asked, json, leave, output::Output, shut_out, tell_of_loss};
use crate::arguments::{Watch, Who};
use crate::clean;
use crate::exit::Code;
use crate::joining::{self, Reached};
use crate::stopping::Stop;

pub(super) async fn run(watch: Watch, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Reached { client, deliveries, hub, .. } = joining::reach(who, stop).await?;
    drop(deliveries);
    output.watch();
    let store = client.store();
    let followed = async {
        asked((&client, &hub), stop, async {
            tokio::select! {
                () = output.gone() => Err(End::Gone),
                _ = store.ready() => Ok(()),
            }
        })
        .await?;
        // One after the other without a pause, so that no change falls between the two.
        let there = store.list(&watch.prefix);
        let mut changes = store.watch(&watch.prefix);
        for pair in there {
            output.line(shown(&pair.key, Some(&pair.value), pair.version, watch.json), stop).await?;
        }
        loop {
            let change = tokio::select! {
                code = stop.asked() => return Err(End::Stopped(code)),
                () = output.gone() => return Err(End::Gone),
                failure = shut_out(&client, &hub) => return Err(failure.into()),
                change = changes.next() => change,
            };
            let Some(change) = change else { return Ok(Code::Done) }; // only where the client was stopped
            output.line(shown(&change.key, change.value.as_ref(), change.version, watch.json), stop).await?;
        }
    };
    let followed = tokio::select! {
        followed = followed => followed,
        () = tell_of_loss(&client) => Ok(Code::Done), // it never ends
    };
    leave(&client).await;
    followed
}

/// `users/ana = {"tea":true}  #62`, and `users/ana removed`; a text as JSON as well, so that it is one line.
fn shown(key: &str, value: Option<&Value>, version: u64, as_json: bool) -> String {
    match value {
        Some(value) if as_json => json::line(&json!({ "key": key, "value": value, "version": version })),
        None if as_json => json::line(&json!({ "key": key, "version": 0 })),
        Some(value) => format!("{} = {}  #{version}", clean::line(key), json::line(value)),
        None => format!("{} removed", clean::line(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line_whatever_stands_in_it() {
        let value = json!("two\nlines\u{1b}[2J");
        assert_eq!(shown("a/b", Some(&value), 62, false), r#"a/b = "two\nlines\u001b[2J"  #62"#);
        assert_eq!(shown("a/b", Some(&value), 62, true), r#"{"key":"a/b","value":"two\nlines\u001b[2J","version":62}"#);
        assert_eq!(shown("a/b", None, 0, false), "a/b removed");
        assert_eq!(shown("a/b", None, 0, true), r#"{"key":"a/b","version":0}"#);
    }
}
