//! The parts of a frame: numbers in little endian, bytes and lists behind their counts.

use super::WireError;

/// Appends a frame with this body.
pub(crate) fn frame(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    body(out);
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends a tag and an id.
pub(crate) fn tagged_id(w: &mut Vec<u8>, tag: u8, id: u64) {
    w.push(tag);
    w.extend(id.to_le_bytes());
}

/// Appends how many items or bytes follow.
pub(crate) fn count(w: &mut Vec<u8>, n: usize) {
    w.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
}

/// Appends bytes with their count.
pub(crate) fn bytes(w: &mut Vec<u8>, data: &[u8]) {
    count(w, data.len());
    w.extend_from_slice(data);
}

/// The rest of a frame that is being read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (head, tail) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(WireError::Malformed)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, WireError> {
        Ok(self.take::<1>()?[0])
    }

    pub(crate) fn bool(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Malformed),
        }
    }

    pub(crate) fn u16(&mut self) -> Result<u16, WireError> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, WireError> {
        Ok(i32::from_le_bytes(self.take()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, WireError> {
        let length = self.u32()? as usize;
        let (head, tail) = self
            .0
            .split_at_checked(length)
            .ok_or(WireError::Malformed)?;
        self.0 = tail;
        Ok(head.to_vec())
    }

    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        // Nothing is reserved from the announced count: it may lie.
        (0..self.u32()?).map(|_| item(self)).collect()
    }

    pub(crate) fn end<T>(&self, value: T) -> Result<T, WireError> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(WireError::Malformed)
        }
    }
}
