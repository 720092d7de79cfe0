//! What somebody is told who calls the program without a word.

/// One screen: what it is, two commands to try, and where to find the rest.
pub const FIRST: &str = "\
error: nothing is asked for: host a conversation, or join one

chat-repl: talk over a socket, keep the conversation, play it back.

Try it in two terminals (Ctrl-D leaves):
  chat-repl --listen 127.0.0.1         host a conversation on this machine
  chat-repl --connect 127.0.0.1        join it; `nc 127.0.0.1 51423` does too

With others:
  chat-repl --listen --private         host for those who know a code
  chat-repl --listen --room            host a room: guests hear each other

With a server of a line protocol:
  chat-repl --connect HOST:PORT                   talk to it
  chat-repl --connect HOST:PORT --script FILE     let a script talk, and check
  chat-repl --connect HOST:PORT --save FILE       keep what was said
  chat-repl --connect HOST:PORT --replay FILE     say it again, and compare
  chat-repl --listen PORT --connect HOST:PORT     stand in between, and watch

All options: chat-repl --help. Commands at the prompt: /help.
";
