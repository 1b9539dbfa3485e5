//! The memory that bodies may take while they are read.
//!
//! Each body has a part of its own, so that a small delivery finds room whatever else is being sent. What goes beyond that part
//! comes from a pool that all share. When the pool is empty, the body that began first and has still not arrived is given up:
//! a sender that is slow on purpose makes room for one that is not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The part of the memory that is shared out evenly over the connections; the rest is the pool.
const OWN_PART: usize = 4;

/// The memory for bodies.
#[derive(Debug)]
pub(super) struct BodyMemory {
    own: usize,
    pool: Mutex<Pool>,
}

#[derive(Debug)]
struct Pool {
    free: usize,
    next: u64,
    /// What each body has from the pool, in the order in which they began.
    held: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    bytes: usize,
    /// It has arrived whole, and is being worked on.
    is_whole: bool,
    given_up: CancellationToken,
}

/// There is no room, and none can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl BodyMemory {
    /// Memory for so many bytes in all, of bodies of at most `longest` bytes on at most so many connections. The pool has room for
    /// the longest.
    pub(super) fn new(bytes: usize, longest: usize, connections: usize) -> BodyMemory {
        let own = (bytes / OWN_PART).min(bytes.saturating_sub(longest)) / connections.max(1);
        let free = bytes - own * connections;
        BodyMemory { own, pool: Mutex::new(Pool { free, next: 0, held: BTreeMap::new() }) }
    }

    /// A place for a body that begins.
    pub(super) fn place(&self) -> BodyReservation<'_> {
        let mut pool = self.lock();
        let (id, given_up) = (pool.next, CancellationToken::new());
        pool.next += 1;
        BodyReservation { room: self, id, length: 0, given_up }
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Takes bytes for a body. Gives up others that are still arriving, the earliest first, until there are enough. Where all of
    /// them together would not be enough, gives up none.
    fn take(&mut self, id: u64, bytes: usize, given_up: &CancellationToken) -> Result<(), Full> {
        let mut enough = self.free;
        let mut leaving = Vec::new();
        for (other, held) in self.held.iter().filter(|(other, held)| **other != id && !held.is_whole) {
            if enough >= bytes {
                break;
            }
            enough += held.bytes;
            leaving.push(*other);
        }
        if enough < bytes {
            return Err(Full);
        }
        for other in leaving {
            let held = self.held.remove(&other).expect("it was just found");
            self.free += held.bytes;
            held.given_up.cancel();
        }
        self.free -= bytes;
        let new = || Held { bytes: 0, is_whole: false, given_up: given_up.clone() };
        self.held.entry(id).or_insert_with(new).bytes += bytes;
        Ok(())
    }
}

/// What one body takes, until it is dropped.
#[derive(Debug)]
pub(super) struct BodyReservation<'a> {
    room: &'a BodyMemory,
    id: u64,
    length: usize,
    given_up: CancellationToken,
}

impl BodyReservation<'_> {
    /// Makes room for more of the body.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let beyond = |length: usize| length.saturating_sub(self.room.own);
        let more = beyond(self.length + bytes) - beyond(self.length);
        if self.given_up.is_cancelled() {
            return Err(Full);
        }
        if more > 0 {
            self.room.lock().take(self.id, more, &self.given_up)?;
        }
        self.length += bytes;
        Ok(())
    }

    /// The body is there: it is not given up any more.
    pub(super) fn is_whole(&self) {
        if let Some(held) = self.room.lock().held.get_mut(&self.id) {
            held.is_whole = true;
        }
    }

    /// Returns when the body is given up.
    pub(super) async fn given_up(&self) {
        self.given_up.cancelled().await;
    }
}

impl Drop for BodyReservation<'_> {
    fn drop(&mut self) {
        let mut pool = self.room.lock();
        if let Some(held) = pool.held.remove(&self.id) {
            pool.free += held.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_body_has_room_whatever_the_others_take() {
        let room = BodyMemory::new(4000, 2000, 10);
        let mut large = room.place();
        assert_eq!(large.grow(100 + 3000), Ok(()));
        assert_eq!(large.grow(1), Err(Full), "none but itself could make room");
        large.is_whole();
        let mut small: Vec<_> = (0..9).map(|_| room.place()).collect();
        assert!(small.iter_mut().all(|place| place.grow(60).is_ok() && place.grow(40).is_ok()));
        assert_eq!(small[0].grow(1), Err(Full), "what is whole is not given up");
        drop(large);
        assert_eq!(small[0].grow(3000), Ok(()));
    }

    #[test]
    fn the_longest_body_always_fits() {
        for (bytes, longest) in [(4000, 4000), (4000, 3500), (4000, 1)] {
            assert_eq!(BodyMemory::new(bytes, longest, 10).place().grow(longest), Ok(()), "{longest} of {bytes}");
        }
    }

    #[test]
    fn the_body_that_began_first_and_has_not_arrived_is_given_up() {
        let room = BodyMemory::new(4000, 2000, 10);
        let [mut whole, mut slow, mut slower, mut new] = std::array::from_fn(|_| room.place());
        for place in [&mut slower, &mut whole, &mut slow] {
            assert_eq!(place.grow(100 + 1000), Ok(()));
        }
        whole.is_whole();
        assert_eq!(new.grow(100 + 900), Ok(()));
        let given_up = |places: [&BodyReservation<'_>; 3]| places.map(|place| place.given_up.is_cancelled());
        assert_eq!(given_up([&whole, &slow, &slower]), [false, true, false]);
        assert_eq!(slow.grow(1), Err(Full));
        drop(slow);
        assert_eq!(new.grow(1000), Ok(()));
        assert_eq!(given_up([&whole, &slower, &new]), [false, true, false]);
        drop((whole, slower, new));
        assert_eq!(room.lock().free, 3000);
    }

    #[test]
    fn no_body_is_given_up_where_that_makes_too_little_room() {
        let room = BodyMemory::new(4000, 2000, 10);
        let [mut whole, mut slow, mut new] = std::array::from_fn(|_| room.place());
        assert_eq!((whole.grow(100 + 2000), slow.grow(100 + 500)), (Ok(()), Ok(())));
        whole.is_whole();
        assert_eq!(new.grow(100 + 1500), Err(Full));
        assert!(!slow.given_up.is_cancelled());
        assert_eq!(slow.grow(500), Ok(()));
    }
}
