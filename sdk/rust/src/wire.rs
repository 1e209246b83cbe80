//! The host's one function, which takes and gives JSON, and the memory that extism keeps for both sides.

use crate::converting::{FromJson, ToJson};
use crate::json::Json;
use std::collections::BTreeMap;
use std::fmt;

/// The host did not do what it was asked: a code, a colon and a sentence, and what is wrong with the input, by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    pub error: String,
    pub field_errors: BTreeMap<String, String>,
}

impl Refusal {
    /// What stands before the colon: `capability_denied`, `invalid_input`.
    pub fn code(&self) -> &str {
        self.error.split(':').next().unwrap_or("")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.error)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> String {
        refusal.error
    }
}

/// Call `face.name` of the host; the typed functions in [`crate::host`] all come by here. Names are snake_case.
///
/// # Errors
///
/// What the host refuses; `bad_answer` if it said something that this SDK does not understand.
pub fn call_host(face: &str, name: &str, args: Json) -> Result<Json, Refusal> {
    let asked = Json::Object(vec![
        ("interface".into(), face.to_json()),
        ("function".into(), name.to_json()),
        ("args".into(), args),
    ]);
    let said = Json::parse(&exchange(&asked.to_string())).map_err(misunderstood)?;
    if said.get("success") == Some(&Json::Bool(true)) {
        return Ok(said.get("value").cloned().unwrap_or(Json::Null));
    }
    Err(Refusal {
        error: said.get("error").map_or_else(String::new, Json::text),
        field_errors: said.get("field_errors").and_then(|one| BTreeMap::from_json(one).ok()).unwrap_or_default(),
    })
}

pub(crate) fn ask<T: FromJson>(face: &str, name: &str, args: Vec<(&str, Json)>) -> Result<T, Refusal> {
    let given = call_host(face, name, Json::Object(args.into_iter().map(|(name, value)| (name.into(), value)).collect()))?;
    T::from_json(&given).map_err(misunderstood)
}

/// A function that is answered beside the guest and refuses nothing.
pub(crate) fn ask_here<T: FromJson>(face: &str, name: &str, args: Vec<(&str, Json)>) -> T {
    ask(face, name, args).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn misunderstood(words: String) -> Refusal {
    Refusal { error: format!("bad_answer: {words}"), ..Refusal::default() }
}

#[cfg(not(target_arch = "wasm32"))]
fn exchange(_asked: &str) -> String {
    panic!("host functions are there in an extension only: run the cases in tests/*.test.json by `deskhand ext test`")
}

#[cfg(target_arch = "wasm32")]
pub(crate) use inside::{input, put};

#[cfg(target_arch = "wasm32")]
use inside::exchange;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn input() -> String {
    exchange("")
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn put(words: &str) {
    exchange(words);
}

/// Blocks of extism's memory are read and written by number, eight bytes at a time; the host makes and ends them.
#[cfg(target_arch = "wasm32")]
mod inside {
    #[link(wasm_import_module = "extism:host/env")]
    extern "C" {
        fn alloc(length: u64) -> u64;
        fn length(block: u64) -> u64;
        fn load_u8(at: u64) -> u32;
        fn load_u64(at: u64) -> u64;
        fn store_u8(at: u64, value: u32);
        fn store_u64(at: u64, value: u64);
        fn input_length() -> u64;
        fn input_load_u8(at: u64) -> u32;
        fn input_load_u64(at: u64) -> u64;
        fn output_set(block: u64, length: u64);
    }

    #[link(wasm_import_module = "extism:host/user")]
    extern "C" {
        fn deskhand_call(asked: u64) -> u64;
    }

    /// What the host calls with.
    pub(crate) fn input() -> String {
        // SAFETY: none of these can reach this module's memory; a wrong number stops the guest.
        let bytes = unsafe { read(0, input_length(), |at| input_load_u8(at), |at| input_load_u64(at)) };
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the host is answered.
    pub(crate) fn put(words: &str) {
        // SAFETY: as above.
        unsafe { output_set(block_of(words), words.len() as u64) }
    }

    pub(super) fn exchange(asked: &str) -> String {
        // SAFETY: as above.
        let bytes = unsafe {
            let given = deskhand_call(block_of(asked));
            read(given, length(given), |at| load_u8(at), |at| load_u64(at))
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn read(from: u64, count: u64, one: impl Fn(u64) -> u32, eight: impl Fn(u64) -> u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count as usize);
        for at in (0..count / 8).map(|place| from + place * 8) {
            bytes.extend_from_slice(&eight(at).to_le_bytes());
        }
        bytes.extend((from + count / 8 * 8..from + count).map(|at| one(at) as u8));
        bytes
    }

    /// A new block with these words.
    unsafe fn block_of(words: &str) -> u64 {
        let block = alloc(words.len() as u64);
        let whole = words.as_bytes().chunks_exact(8);
        let left = whole.remainder();
        let mut at = block;
        for eight in whole {
            store_u64(at, u64::from_le_bytes([eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7]]));
            at += 8;
        }
        for (place, byte) in left.iter().enumerate() {
            store_u8(at + place as u64, u32::from(*byte));
        }
        block
    }
}
