//! `hubbub call`: a process is asked, and answers.

use super::{End, asked, json, leave, output::Output};
use crate::arguments::{Call, Who};
use crate::exit::Code;
use crate::joining::{self, Reached};
use crate::stopping::Stop;

pub(super) async fn run(call: Call, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Call { address, message, within, json } = call;
    let Reached { client, deliveries, hub, .. } = joining::reach(who, stop).await?;
    drop(deliveries);
    let message = json::typed(message);
    let answer = asked((&client, &hub), stop, async { Ok(client.call_within(&address, message, within).await?) }).await;
    leave(&client).await;
    let answer = answer?;
    output.line(if json { json::line(&answer) } else { json::plain(&answer) }, stop).await?;
    Ok(Code::Done)
}
