//! The program `hubbub`: parse, run, say what went wrong, end with its code.

use std::io::Write;
use std::process::ExitCode;

use terminal::arguments::{self, Arguments};

fn main() -> ExitCode {
    let arguments = match Arguments::from_command_line() {
        Ok(arguments) => arguments,
        Err(error) => {
            arguments::tell(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
        }
    };
    match terminal::run(arguments) {
        Ok(code) => code.into(),
        Err(failure) => {
            // One that was asked for by a signal needs no words.
            if failure.words.is_empty() {
                return failure.code.into();
            }
            let _ = writeln!(std::io::stderr(), "hubbub: {failure}"); // perhaps nobody is there to read it
            failure.code.into()
        }
    }
}
