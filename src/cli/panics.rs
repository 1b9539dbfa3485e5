//! What a panic prints.

/// The name of the threads that handlers run on.
const HANDLERS: &str = "handler";

/// A handler's panic is logged by its place alone: its words are the author's, and may repeat what a person wrote. They are
/// kept with the event, where the operator reads them. Other panics print as ever.
pub(super) fn quiet_about_people() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(HANDLERS) {
            return print(panic);
        }
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a handler panicked; its words stand with the event");
    }));
}
