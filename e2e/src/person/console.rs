//! The console: what one runs there, and what stands above the prompt.

use fantoccini::error::CmdError;
use serde_json::json;

use super::Person;
use crate::keys::ENTER;
use crate::{Role, eventually};

/// What was said, each with its kind, the process that printed it, and the words; and whether a line is not done yet.
const OUTPUT: &str = "
    const said = [...document.querySelectorAll('[role=log][aria-label=Output] .said')].map(said => [
        said.className.split(' ')[1],
        said.querySelector('.from')?.textContent ?? '',
        said.querySelector('.words').textContent,
    ]);
    return [said, document.querySelector('[aria-label=\"End what runs\"]') !== null];";

/// One line of the console's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `ran`, `value`, `printed`, `fault` or `note`.
    pub voice: String,
    /// The process that printed it, and the local name of its node.
    pub from: String,
    pub text: String,
}

impl Person {
    /// Goes to the console by its address.
    pub async fn goes_to_the_console(&self) {
        self.browser.goto_fragment("#/console").await;
        self.browser.the(Role::Region, "Console").await;
        self.browser.the(Role::Textbox, "Prompt").await;
    }

    /// Runs a line at the prompt.
    pub async fn runs(&self, line: &str) {
        self.fills_in("Prompt", line).await;
        self.browser.press(&[ENTER]).await;
    }

    /// Runs a line, and waits until it is done; what came of it and was printed meanwhile.
    pub async fn runs_to_the_end(&self, line: &str) -> Vec<Said> {
        let before = self.output().await.len();
        self.runs(line).await;
        eventually(format_args!("{} sees {line:?} done", self.name), async || {
            let (said, runs) = self.try_output().await?;
            Ok((said.len() > before && !runs).then(|| said[before + 1..].to_vec()))
        })
        .await
    }

    /// Waits until nothing that was run is under way any more; all that then stands there.
    pub async fn is_done(&self) -> Vec<Said> {
        eventually(format_args!("{} sees all done", self.name), async || {
            let (said, runs) = self.try_output().await?;
            Ok((!runs).then_some(said))
        })
        .await
    }

    /// All that stands above the prompt.
    pub async fn output(&self) -> Vec<Said> {
        eventually("a console with its output", async || self.try_output().await.map(|(said, _)| Some(said))).await
    }

    /// And whether something is under way: both as of one moment.
    async fn try_output(&self) -> Result<(Vec<Said>, bool), CmdError> {
        let (said, runs) = self.browser.try_eval::<(Vec<(String, String, String)>, bool)>(OUTPUT, Vec::new()).await?;
        Ok((said.into_iter().map(|(voice, from, text)| Said { voice, from, text }).collect(), runs))
    }

    /// Waits for a line of that kind whose words hold `part`; gives the first.
    pub async fn is_shown(&self, voice: &str, part: &str) -> Said {
        eventually(format_args!("{} sees {part:?} as {voice} in the console", self.name), async || {
            Ok(self.try_output().await?.0.into_iter().find(|said| said.voice == voice && said.text.contains(part)))
        })
        .await
    }

    /// What was printed so far, without the processes that did.
    pub async fn printed(&self) -> Vec<String> {
        self.output().await.into_iter().filter(|said| said.voice == "printed").map(|said| said.text).collect()
    }

    /// The name of this tab's node.
    pub async fn node(&self) -> String {
        eventually(format_args!("the name of {}'s node", self.name), async || {
            let name: String = self.browser.try_eval(NODE, Vec::new()).await?;
            Ok(Some(name).filter(|name| name.contains('@')))
        })
        .await
    }

    /// Answers whoever wants to run a program on this tab.
    pub async fn answers_who_asks(&self, who: &str, answer: &str) {
        let words = format!("{who} wants to run a program on this tab");
        self.reads(&words).await;
        self.browser.click(Role::Button, answer).await;
        self.reads_no_more(&words).await;
    }

    /// Whether anything of the page holds the keyboard but the field with this id.
    pub async fn writes_in(&self, id: &str) -> bool {
        self.browser.eval("return document.activeElement?.id === arguments[0]", vec![json!(id)]).await
    }
}

const NODE: &str = "return document.querySelector('.self .machine')?.textContent ?? ''";
