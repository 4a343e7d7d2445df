use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::ports::StoredObject;

/// Which files a listing showed: their names, sizes and times, in any order, in
/// a few bytes however many they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    objects: u64,
    sum: u128,
}

impl Fingerprint {
    pub(super) fn add(&mut self, object: &StoredObject) {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            object.name.hash(&mut hasher);
            object.size.hash(&mut hasher);
            object.last_modified.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        // A sum does not depend on the order, and does not cancel out as XOR does.
        self.sum = self.sum.wrapping_add(half(0) << 64 | half(1));
        self.objects += 1;
    }
}
