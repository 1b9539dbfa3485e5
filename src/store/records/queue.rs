//! What waits for the writer, and how much of it shares a transaction.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::job::Job;

/// The longest time that the writer waits for something else to write, where no caller waits for what there is.
const UNAWAITED: Duration = Duration::from_millis(5);

/// Where so many operations shared the last transaction, the next one waits a little for more of them: a transaction costs almost the
/// same for few operations as for many.
const MANY: usize = 4;

/// The longest such wait. It is no longer than the last transaction was.
const LONGEST: Duration = Duration::from_micros(100);

/// The writer's end of the queue.
pub(super) struct Queue {
    jobs: Receiver<Job>,
    /// Whether no more will come.
    is_closed: bool,
    /// What the last transaction was: how many operations, and how long it took.
    last: (usize, Duration),
}

impl Queue {
    pub(super) fn of(jobs: Receiver<Job>) -> Queue {
        Queue { jobs, is_closed: false, last: (0, Duration::ZERO) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Waits for something to write, and takes all of it, up to `most`. False where there will be nothing more.
    pub(super) fn take(&mut self, waiting: &mut VecDeque<Job>, most: usize) -> bool {
        let Ok(job) = self.jobs.recv() else {
            self.is_closed = true;
            return false;
        };
        waiting.push_back(job);
        self.take_what_is_there(waiting, most);
        self.wait_where_no_caller_waits(waiting, most);
        let (operations, took) = self.last;
        if operations >= MANY && waiting.len() < most && !self.is_closed {
            std::thread::sleep(took.min(LONGEST));
            self.take_what_is_there(waiting, most);
        }
        true
    }

    /// Takes what is there, until `most` wait.
    pub(super) fn take_what_is_there(&mut self, waiting: &mut VecDeque<Job>, most: usize) {
        while waiting.len() < most {
            match self.jobs.try_recv() {
                Ok(job) => waiting.push_back(job),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.is_closed = true;
                    return;
                }
            }
        }
    }

    fn wait_where_no_caller_waits(&mut self, waiting: &mut VecDeque<Job>, most: usize) {
        let end = Instant::now() + UNAWAITED;
        while waiting.len() < most && !waiting.iter().any(Job::is_awaited) {
            match self.jobs.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(job) => waiting.push_back(job),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => {
                    self.is_closed = true;
                    return;
                }
            }
            self.take_what_is_there(waiting, most);
        }
    }

    /// A transaction has ended.
    pub(super) fn has_written(&mut self, operations: usize, took: Duration) {
        self.last = (operations, took);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::super::job::{Woken, Written};
    use super::*;

    fn job(is_awaited: bool) -> Job {
        let caller = is_awaited.then(|| oneshot::channel().0);
        Job::Write(Written { number: 0, writes: Vec::new(), images: Vec::new(), woken: Woken::default(), caller })
    }

    #[test]
    fn what_no_caller_waits_for_is_taken_with_what_comes_next_or_alone_after_a_while() {
        let (jobs, receiver) = mpsc::channel();
        let (mut queue, mut waiting) = (Queue::of(receiver), VecDeque::new());
        jobs.send(job(false)).expect("a queue");
        let started = Instant::now();
        assert!(queue.take(&mut waiting, 9));
        assert_eq!(waiting.len(), 1, "alone");
        assert!(started.elapsed() >= UNAWAITED);
        waiting.clear();
        for is_awaited in [false, true, false] {
            jobs.send(job(is_awaited)).expect("a queue");
        }
        assert!(queue.take(&mut waiting, 9));
        assert_eq!(waiting.len(), 3);
    }

    #[test]
    fn a_transaction_behind_one_of_many_operations_waits_for_more() {
        let (jobs, receiver) = mpsc::channel();
        let (mut queue, mut waiting) = (Queue::of(receiver), VecDeque::new());
        queue.has_written(MANY, Duration::from_secs(9));
        jobs.send(job(true)).expect("a queue");
        let started = Instant::now();
        assert!(queue.take(&mut waiting, 9));
        assert!(started.elapsed() >= LONGEST);
    }

    #[test]
    fn no_more_are_taken_than_may_be_and_none_is_left_behind_at_the_end() {
        let (jobs, receiver) = mpsc::channel();
        let (mut queue, mut waiting) = (Queue::of(receiver), VecDeque::new());
        queue.has_written(MANY, Duration::ZERO);
        for is_awaited in [true, false, true] {
            jobs.send(job(is_awaited)).expect("a queue");
        }
        drop(jobs);
        assert!(queue.take(&mut waiting, 2));
        assert_eq!((waiting.len(), queue.is_closed()), (2, false));
        waiting.clear();
        assert!(queue.take(&mut waiting, 2));
        assert_eq!((waiting.len(), queue.is_closed()), (1, true));
        assert!(!queue.take(&mut waiting, 2));
    }
}
