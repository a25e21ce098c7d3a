//! What runs in a process of its own: this binary again, with a job, one contender a process.
//!
//! A child answers each line of its input with one line, and ends with its input.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::contenders::Contender;
use crate::exchange::Shape;
use crate::{calls, http, hung, instructions, load, memory};

/// Does a job that the parent asked for.
pub fn run(job: &[&str]) -> bool {
    match *job {
        ["calls", contender, shape] => {
            calls::serve_rounds(Contender::named(contender), Shape::named(shape))
        }
        ["exact", contender, shape, what, count] => {
            instructions::exact(
                Contender::named(contender),
                Shape::named(shape),
                what,
                count.parse().unwrap(),
            );
        }
        ["server", contender] => http::serve(Contender::named(contender)),
        ["load", address, shape] => {
            load::serve_rounds(address.parse().unwrap(), Shape::named(shape))
        }
        ["stream", contender] => memory::stream(Contender::named(contender)),
        ["hung", kind] => return hung::check(kind),
        _ => return false,
    }
    true
}

/// Answers each line of the input.
pub fn answer_lines(mut answer: impl FnMut(&str) -> String) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        println!("{}", answer(&line));
        std::io::stdout().flush().unwrap();
    }
}

/// Runs a child that prints for itself, and tells whether it succeeded.
pub fn succeeds(job: &[&str]) -> bool {
    let this = std::env::current_exe().unwrap();
    let status = Command::new(this).arg("--child").args(job).status();
    status.unwrap().success()
}

/// A child that this process started, and that ends with it.
pub struct Helper {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Helper {
    /// Starts a child, held to one core where one is named.
    pub fn start(core: Option<usize>, job: &[&str]) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(this);
                command
            }
            None => Command::new(this),
        };
        let mut child = command
            .arg("--child")
            .args(job)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts; taskset is part of util-linux");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            input,
            output,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a line and waits for the answer.
    pub fn ask(&mut self, line: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        self.line()
    }

    pub fn line(&mut self) -> String {
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        assert!(!answer.is_empty(), "the child ended");
        answer.trim_end().to_owned()
    }

    /// Sends a line and reads the numbers of the answer.
    pub fn ask_numbers(&mut self, line: &str) -> Vec<u64> {
        numbers(&self.ask(line))
    }
}

pub fn numbers(line: &str) -> Vec<u64> {
    line.split(' ').map(|word| word.parse().unwrap()).collect()
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
