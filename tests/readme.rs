//! What the documents show is what the program does.
//!
//! The code blocks of a document say by their info strings what they are:
//!
//! - `console`: what follows `$ ` is run by bash, one block after another in a folder that holds a
//!   copy of `scripts/`, and has to print the lines below it, standard error included.
//! - `console host` and `console guest`: two terminals at once. `$ ` starts the program, what follows
//!   `> ` is typed when all that stands above it is on the screen, and the rest is what is shown.
//! - `text NAME`: a file of that name, in that folder.
//! - anything else is for the eye; where it calls the program, `shown` has it in a list with the reason.
//!
//! Addresses and times are compared by their form. `localhost:6379` is a Redis server that the test
//! starts, also in files, and so are the usual addresses of the other servers of `support::servers`;
//! where one is not installed, the blocks of that document that name it are left out. So are those
//! that use `socat`.
//!
//! `CHAT_REPL_REWRITE=1 cargo test --test integration readme` writes into the documents what comes
//! instead: look at each difference before you keep it.

mod blocks;
mod examples;
mod links;
mod manual;
mod shown;
mod terminals;
