//! Histograms as the tools of `HdrHistogram` read them: V2, compressed, in base64.
//!
//! The format is that of `AbstractHistogram.encodeIntoCompressedByteBuffer` in the Java implementation: a
//! cookie and a length, and by zlib a header of 40 bytes and the counts as zigzag LEB128, a negative one
//! for so many that are zero. Here it is written and read without trust in what is read: the crate that
//! has it allocates as much as a file says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::Histogram;

const COOKIE: u32 = 0x1c84_9313;
const COMPRESSED: u32 = 0x1c84_9314;

/// The length of the header: cookie, length, offset, digits, lowest and highest value, ratio.
const HEADER: usize = 40;

/// The most bytes that a count has.
const COUNT: usize = 9;

/// The level that zlib takes if it is not told another.
const LEVEL: u8 = 6;

/// More than a histogram of three digits can have: 55 powers of two, 1024 counts each.
const MOST: usize = HEADER + (56 << 10) * COUNT;

/// The histogram in base64.
pub(super) fn encode(histogram: &Histogram) -> String {
    let counts = counts(histogram.counts());
    let mut plain = Vec::with_capacity(HEADER + counts.len());
    plain.extend(COOKIE.to_be_bytes());
    plain.extend(length(counts.len()));
    plain.extend(0_u32.to_be_bytes());
    plain.extend(histogram.digits().to_be_bytes());
    plain.extend(1_u64.to_be_bytes());
    // Readers of other makes count on at least 2, and on a signed number.
    plain.extend(histogram.reach().clamp(2, i64::MAX.cast_unsigned()).to_be_bytes());
    plain.extend(1_f64.to_be_bytes());
    plain.extend(counts);
    let packed = compress_to_vec_zlib(&plain, LEVEL);
    let mut all = COMPRESSED.to_be_bytes().to_vec();
    all.extend(length(packed.len()));
    all.extend(packed);
    STANDARD.encode(all)
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

fn counts(counts: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zeros = 0_i64;
    for count in counts {
        if *count == 0 {
            zeros += 1;
            continue;
        }
        if zeros > 0 {
            put(&mut bytes, -zeros);
            zeros = 0;
        }
        put(&mut bytes, i64::try_from(*count).unwrap_or(i64::MAX));
    }
    bytes
}

/// LEB128 of at most nine bytes, the last of which has eight bits.
fn put(bytes: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    for _ in 1..COUNT {
        let low = rest.to_le_bytes()[0];
        rest >>= 7;
        if rest == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
    bytes.push(rest.to_le_bytes()[0]);
}

/// The histogram that `text` has, of which `like` is an empty one.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode(text: &str, like: Histogram) -> Result<Histogram, &'static str> {
    let all = STANDARD.decode(text).map_err(|_| "it is no base64")?;
    let mut packed = Bytes(&all);
    if packed.u32() != Some(COMPRESSED) {
        return Err("it is no compressed histogram of version 2");
    }
    if packed.u32().map(|length| length as usize) != Some(packed.0.len()) {
        return Err("it is shorter or longer than it says");
    }
    let plain = decompress_to_vec_zlib_with_limit(packed.0, MOST)
        .map_err(|_| "it cannot be decompressed")?;
    let mut plain = Bytes(&plain);
    if plain.u32() != Some(COOKIE) {
        return Err("it is no histogram of version 2");
    }
    let length = plain.u32().map(|length| length as usize);
    let scale = (plain.u32(), plain.u32(), plain.u64());
    let (_highest, ratio) = (plain.u64(), plain.u64());
    if scale != (Some(0), Some(like.digits()), Some(1)) || ratio != Some(1_f64.to_bits()) {
        return Err("it has another scale than those of `chat-repl load`");
    }
    if length != Some(plain.0.len()) {
        return Err("it is shorter or longer than it says");
    }
    fill(like, plain)
}

fn fill(mut histogram: Histogram, mut counts: Bytes<'_>) -> Result<Histogram, &'static str> {
    let mut index = 0_usize;
    while !counts.0.is_empty() {
        let count = counts.number().ok_or("it ends within a count")?;
        let steps = match u64::try_from(count) {
            Ok(0) => 1,
            Ok(count) => {
                histogram.count_at(index, count).ok_or("it has more counts than it can have")?;
                1
            }
            Err(_) => count.unsigned_abs(),
        };
        index = index.saturating_add(usize::try_from(steps).unwrap_or(usize::MAX));
    }
    Ok(histogram)
}

/// What is still to be read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn number(&mut self) -> Option<i64> {
        let mut number = 0_u64;
        for place in 0..COUNT {
            let [byte] = self.take()?;
            let last = place + 1 == COUNT;
            let bits = if last { byte } else { byte & 0x7f };
            number |= u64::from(bits) << (7 * place);
            if last || byte & 0x80 == 0 {
                break;
            }
        }
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::tests::of;
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// How another implementation reads it.
    fn read_elsewhere(text: &str) -> hdrhistogram::Histogram<u64> {
        let bytes = STANDARD.decode(text).unwrap();
        hdrhistogram::serialization::Deserializer::new().deserialize(&mut &bytes[..]).unwrap()
    }

    #[test]
    fn another_implementation_reads_the_same() {
        let micros: Vec<u64> = (0..20_000).map(|n| n * n % 7_654_321).collect();
        let (ours, theirs) = (of(&micros), read_elsewhere(&encode(&of(&micros))));
        assert_eq!(theirs.len(), 20_000);
        for percent in [50.0, 90.0, 99.0, 99.9] {
            let theirs = theirs.value_at_percentile(percent);
            assert_eq!(ours.percentile(percent), Some(Duration::from_micros(theirs)), "{percent}");
        }
        assert!(theirs.equivalent(theirs.max(), *micros.iter().max().unwrap()));
        assert!(read_elsewhere(&encode(&Histogram::fine())).is_empty());
    }

    #[test]
    fn what_another_implementation_writes_is_read() {
        use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
        let mut theirs = hdrhistogram::Histogram::<u64>::new(3).unwrap();
        for n in 0..5000 {
            theirs.record(n * 17).unwrap();
        }
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&theirs, &mut bytes).unwrap();
        let ours = decode(&STANDARD.encode(bytes), Histogram::fine()).unwrap();
        assert_eq!(ours.samples(), 5000);
        let p99 = Duration::from_micros(theirs.value_at_percentile(99.0));
        assert_eq!(ours.percentile(99.0), Some(p99));
    }

    #[test]
    fn what_is_wrong_with_one_is_told() {
        let whole = encode(&of(&[1, 2, 3000]));
        for (text, why) in [
            ("?", "no base64"),
            ("", "no compressed histogram"),
            (&whole[..whole.len() - 4], "shorter or longer"),
        ] {
            let told = decode(text, Histogram::fine()).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        assert!(decode(&whole, Histogram::coarse()).unwrap_err().contains("another scale"));
    }

    /// A histogram whose counts are these bytes.
    fn hostile(counts: &[u8]) -> Result<Histogram, &'static str> {
        let mut plain = COOKIE.to_be_bytes().to_vec();
        plain.extend(length(counts.len()));
        plain.extend([0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1]);
        plain.extend([u64::MAX.to_be_bytes(), 1_f64.to_be_bytes()].concat());
        plain.extend(counts);
        let packed = compress_to_vec_zlib(&plain, 1);
        let all = [&COMPRESSED.to_be_bytes()[..], &length(packed.len()), &packed].concat();
        decode(&STANDARD.encode(all), Histogram::fine())
    }

    #[test]
    fn a_hostile_one_takes_no_memory() {
        let far = [&[0xff; 9][..], &[2]].concat();
        assert_eq!(hostile(&far), Err("it has more counts than it can have"));
        assert_eq!(hostile(&[0x80]), Err("it ends within a count"));
        assert_eq!(hostile(&[2]).map(|one| one.samples()), Ok(1));
        let zeros = vec![0; MOST + 1];
        assert_eq!(hostile(&zeros), Err("it cannot be decompressed"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(micros: Vec<u64>, digits in 0..64_u32) {
            let micros: Vec<u64> = micros.iter().map(|value| value >> digits).collect();
            let all = of(&micros);
            let read = decode(&encode(&all), Histogram::fine()).unwrap();
            let read = match (micros.iter().min(), micros.iter().max()) {
                (Some(min), Some(max)) => read.exactly(*min, *max).unwrap(),
                _ => read,
            };
            prop_assert_eq!(read, all);
        }

        #[test]
        fn any_counts_are_read_or_refused(bytes: Vec<u8>) {
            let _ = hostile(&bytes);
        }

        #[test]
        fn a_number_is_read_as_it_was_written(number: i64) {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            prop_assert!(bytes.len() <= COUNT);
            prop_assert_eq!(Bytes(&bytes).number(), Some(number));
        }
    }
}
