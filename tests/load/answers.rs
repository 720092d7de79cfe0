//! A server of lines: what it answers is up to a test.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::support::peer::listen;

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
    addr: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Answers {
    /// Listens, and answers each line by `answer`, on a thread for each client.
    pub(super) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Answers {
        let (listener, addr) = listen();
        let (heard, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (all, stopped, answer) = (Arc::clone(&heard), Arc::clone(&stop), Arc::new(answer));
        let accepting = thread::spawn(move || accept(&listener, &stopped, &all, &answer));
        Answers { addr, heard, stop, accepting: Some(accepting) }
    }

    /// Says each line again.
    pub(super) fn echo() -> Answers {
        Answers::start(|line| Answer::Say(line.to_owned()))
    }

    /// Where it listens.
    pub(super) fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// All lines that it has heard, in alphabetical order.
    pub(super) fn heard(&self) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.sort();
        heard
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes it from its `accept`.
        let woken = TcpStream::connect(self.addr).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            accepting.join().ok(); // it never panics
        }
    }
}

fn accept<A>(
    listener: &TcpListener,
    stop: &AtomicBool,
    heard: &Arc<Mutex<Vec<String>>>,
    answer: &Arc<A>,
) where
    A: Fn(&str) -> Answer + Send + Sync + 'static,
{
    for stream in listener.incoming().map_while(Result::ok) {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let (heard, answer) = (Arc::clone(heard), Arc::clone(answer));
        thread::spawn(move || serve(&stream, &heard, &*answer));
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
