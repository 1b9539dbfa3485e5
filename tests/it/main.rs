//! The tests that run the real server, in one binary.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod accounts; // accounts that come, change and go while the server runs
mod admin; // what the operator's listener answers
mod api; // /api, as those use it who send from outside
mod automation; // what a bot says of its own accord: disclosure, fallback, typing
mod browser; // the playground, in headless Chromium
mod cases; // small inputs that failed in the world, named after their reports
mod commands; // the commands that call a running server
mod crash; // kill -9 at any moment, under load
mod described; // the description of /api, held to what is answered
mod disk; // full, slow, torn, not to be written
mod doubt; // sends of which nobody can tell whether they arrived
mod emulator; // the emulated Meta as a command, with a bot of another process
mod flow; // from a person's message to the answer they read
mod flush; // a long turn, step by step
mod handlers; // handlers that fail, panic, block, never return
mod harness; // a server and an emulated Meta for one test
mod hostile; // bodies that Meta would never send
mod intake; // signatures, limits, quarantine, a store that fails
mod layers; // who may import whom
mod listener; // deadlines, and who goes when there are too many connections
mod long_queue; // one person who writes much while the bot is away
mod outage; // a Meta that is down for long, and comes back
mod outcome; // `rejoinder send`, when the outcome is not known
mod payloads; // every shape that Meta documents, from a file to its handler
mod policy; // every rule of Meta's, judged by both sides
mod process; // the binary itself: settings, signals, kill -9, one server per file
mod quiet; // what may never stand in a log
mod relay; // a bot behind HTTP
mod relay_schema; // what a relay is asked and answers, held to its schema; the example bots
mod scenarios; // conversations as scripts, by `rejoinder test`
mod schemathesis; // calls that are made up from the description of /api
mod sdk; // Meta's own Business SDK against the emulated Meta
mod shown; // what an operator is shown: Meta's words, refused posts, masked tokens
mod stage; // what the test kit says of a test that fails
mod store; // what every store promises
