//! What went wrong in a program, in words that name the line.

use rhai::{Dynamic, EvalAltResult, ParseError, Position};
use serde_json::Value;
use shared::process::limits::MAX_SAID;
use shared::process::{Fault, Limit, Reason};

use crate::tokens::CALL;
use crate::value::{from_json, to_json};

/// The code of a fault that ends a process in its own words.
const TIMEOUT: &str = "timeout";

/// Of a text that is no program.
pub(crate) fn of_reading(error: &ParseError) -> String {
    with_line(&plain(&error.err_type().to_string()), error.position())
}

/// Why a run that was not ended by a word of ours did not get to its end.
pub(crate) fn of_running(error: EvalAltResult) -> Reason {
    let mut place = Position::NONE;
    let mut error = error;
    // What went wrong is innermost, and so is the line it went wrong in.
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
        error = *inner;
    }
    if !error.position().is_none() {
        place = error.position();
    }
    match error {
        EvalAltResult::ErrorTooManyOperations(_) => Reason::Limit(Limit::Operations),
        EvalAltResult::ErrorStackOverflow(_) => Reason::Limit(Limit::Depth),
        EvalAltResult::ErrorDataTooLarge(..) | EvalAltResult::ErrorTooManyVariables(_) => Reason::Limit(Limit::Size),
        EvalAltResult::ErrorRuntime(thrown, _) => of_thrown(&thrown, place),
        EvalAltResult::ErrorParsing(kind, _) => Reason::error(&with_line(&plain(&kind.to_string()), place)),
        mut error => {
            error.clear_position();
            Reason::error(&with_line(&plain(&error.to_string()), place))
        }
    }
}

/// What a program threw: a fault of ours, or its own words.
fn of_thrown(thrown: &Dynamic, place: Position) -> Reason {
    if let Ok(fault) = thrown.as_map_ref()
        && let Some(code) = fault.get("code").and_then(|code| code.as_immutable_string_ref().ok())
    {
        // As in Erlang, where a call that was not answered in time takes the caller along.
        if code.as_str() == TIMEOUT {
            return Reason::said(&code);
        }
        if let Some(words) = fault.get("message").and_then(|words| words.as_immutable_string_ref().ok()) {
            return Reason::error(&with_line(&words, place));
        }
    }
    let words = match to_json(thrown, 2 * MAX_SAID) {
        Ok(Value::String(words)) => words,
        Ok(Value::Null) => "It was thrown.".to_owned(),
        _ => thrown.to_string(),
    };
    Reason::error(&with_line(&words, place))
}

/// What a word throws that brought no value: a map, so that a program can look at it.
pub(crate) fn thrown(fault: &Fault) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(fault_value(fault), Position::NONE))
}

/// As a program sees it: `#{code: …, message: …, reason: …}`.
pub(crate) fn fault_value(fault: &Fault) -> Dynamic {
    // A struct of texts, so this cannot fail.
    from_json(&serde_json::to_value(fault).unwrap_or_default())
}

/// As a program sees it: `#{code: …}`, with `message` or `what` where there is more to say.
pub(crate) fn reason_value(reason: &Reason) -> Dynamic {
    // As above.
    from_json(&serde_json::to_value(reason).unwrap_or_default())
}

fn with_line(words: &str, place: Position) -> String {
    let words = words.trim_end();
    let Some(line) = place.line() else { return words.to_owned() };
    // What is cut off at the bound is not the line.
    let line = format!(" (line {line})");
    let most = MAX_SAID - line.len();
    let cut = if words.len() > most { words.floor_char_boundary(most - '…'.len_utf8()) } else { words.len() };
    let dots = if cut < words.len() { "…" } else { "" };
    format!("{}{dots}{line}", &words[..cut])
}

/// With the names that programs know.
fn plain(words: &str) -> String {
    words.replace("&str | ImmutableString | String", "text").replace(CALL, "call")
}
