//! The trace that an event belongs to, from the POST that brought it to the last send that answers it.
//!
//! W3C Trace Context: <https://www.w3.org/TR/trace-context/>

use std::fmt;

/// The header that carries a trace from one server to the next.
pub const HEADER: &str = "traceparent";

/// The flag by which a trace is marked to be recorded. A new trace has it: whether a bot records it is then its own decision.
const SAMPLED: u8 = 1;

/// A trace: its id, and the flags that are passed on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    flags: u8,
}

impl Trace {
    /// A new one.
    pub fn random() -> Trace {
        Trace { id: fastrand::u128(1..).to_be_bytes(), flags: SAMPLED }
    }

    /// The trace that a `traceparent` header names; `None` where it names none.
    pub fn of_header(header: &str) -> Option<Trace> {
        let mut parts = header.trim().split('-');
        let (version, id) = (parts.next()?, parts.next()?);
        let (parent, flags) = (parts.next()?, parts.next()?);
        let version: [u8; 1] = lower_hex(version)?;
        let is_whole = version[0] > 0 || parts.next().is_none();
        let (id, parent, [flags]) = (lower_hex(id)?, lower_hex::<8>(parent)?, lower_hex::<1>(flags)?);
        let is_valid = is_whole && version[0] != 0xff && id != [0; 16] && parent != [0; 8];
        is_valid.then_some(Trace { id, flags: flags & SAMPLED })
    }

    /// The header for a request that belongs to this trace.
    pub fn header(self) -> String {
        let parent = fastrand::u64(1..);
        format!("00-{self}-{parent:016x}-{:02x}", self.flags)
    }

    /// The trace in the form in which it is kept.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [self.flags; 17];
        bytes[..16].copy_from_slice(&self.id);
        bytes
    }

    /// The trace that was kept so; `None` for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Trace> {
        let (flags, id) = bytes.split_last()?;
        Some(Trace { id: id.try_into().ok()?, flags: *flags })
    }
}

/// Prints the id, as log lines and trace viewers show it.
impl fmt::Display for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 32];
        hex::encode_to_slice(self.id, &mut digits).expect("two digits for each byte");
        out.write_str(std::str::from_utf8(&digits).expect("digits"))
    }
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_trace_is_passed_on_with_its_flags_and_a_parent_of_our_own() {
        for flags in ["00", "01"] {
            let trace = Trace::of_header(&format!("00-{ID}-00f067aa0ba902b7-{flags}")).expect("a trace");
            assert_eq!(trace.to_string(), ID);
            let header = trace.header();
            assert!(header.starts_with(&format!("00-{ID}-")) && header.ends_with(&format!("-{flags}")), "{header}");
            assert!(!header.contains("00f067aa0ba902b7"));
            assert_eq!(Trace::of_header(&header), Some(trace));
            assert_eq!(Trace::from_bytes(&trace.to_bytes()), Some(trace));
        }
        // A later version may say more.
        assert!(Trace::of_header(&format!("cc-{ID}-00f067aa0ba902b7-01-what-the-future-will-be-like")).is_some());
        let random = Trace::random();
        assert_eq!(Trace::of_header(&random.header()), Some(random));
    }

    #[test]
    fn what_is_no_trace_is_none() {
        let zero = "0".repeat(32);
        for header in [
            String::new(),
            ID.to_owned(),
            format!("00-{ID}-00f067aa0ba902b7"),
            format!("00-{ID}-00f067aa0ba902b7-01-more"),
            format!("ff-{ID}-00f067aa0ba902b7-01"),
            format!("00-{zero}-00f067aa0ba902b7-01"),
            format!("00-{ID}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            format!("00-{ID}-00f067aa0ba902b-01"),
            format!("0-{ID}-00f067aa0ba902b7-01"),
            format!("00-{ID}é-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(Trace::of_header(&header), None, "{header}");
        }
        assert_eq!(Trace::from_bytes(&[]), None);
        assert_eq!(Trace::from_bytes(&[7; 16]), None);
    }
}
