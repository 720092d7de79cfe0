//! A server of lines: what it answers is up to a test.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use crate::support::peer::{Serving, listen};

/// What is done about a line.
pub(super) enum Answer {
    Say(String),
    /// Says this, and ends no line.
    Begin(String),
    Nothing,
    Close,
}

/// A server that answers the lines of any number of clients. Dropped, it stops.
pub(super) struct Answers {
    heard: Arc<Mutex<Vec<String>>>,
    serving: Serving,
}

impl Answers {
    /// Listens, and answers each line by `answer`, on a thread for each client.
    pub(super) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Answers {
        let heard = Arc::<Mutex<_>>::default();
        let all = Arc::clone(&heard);
        let serving = Serving::start(listen(), move |stream| serve(stream, &all, &answer));
        Answers { heard, serving }
    }

    /// Says each line again.
    pub(super) fn echo() -> Answers {
        Answers::start(|line| Answer::Say(line.to_owned()))
    }

    /// Where it listens.
    pub(super) fn addr(&self) -> String {
        self.serving.addr()
    }

    /// All lines that it has heard, in alphabetical order.
    pub(super) fn heard(&self) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.sort();
        heard
    }
}

/// Serves a client until it has ended.
fn serve(stream: &TcpStream, heard: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Answer) {
    stream.set_nodelay(true).ok();
    let mut to = stream;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        heard.lock().unwrap().push(line.clone());
        match answer(&line) {
            Answer::Say(said) if to.write_all(format!("{said}\n").as_bytes()).is_err() => return,
            Answer::Begin(said) if to.write_all(said.as_bytes()).is_err() => return,
            Answer::Say(_) | Answer::Begin(_) | Answer::Nothing => {}
            Answer::Close => {
                stream.shutdown(Shutdown::Both).ok();
                return;
            }
        }
    }
}
