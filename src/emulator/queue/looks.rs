//! What the queue's steps cost: how many deliveries they looked at. Only tests count; elsewhere this is nothing.

#[derive(Default)]
pub(super) struct Looks(#[cfg(test)] usize);

impl Looks {
    /// A step looks at so many deliveries.
    pub(super) fn add(&mut self, deliveries: usize) {
        #[cfg(test)]
        {
            self.0 += deliveries;
        }
        #[cfg(not(test))]
        let _ = deliveries;
    }

    #[cfg(test)]
    pub(super) fn so_far(&self) -> usize {
        self.0
    }
}
