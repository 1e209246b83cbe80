//! Reads JSON text.

use crate::json::Json;

pub(crate) fn parse(text: &str) -> Result<Json, String> {
    let mut reader = Reader { text, at: 0 };
    let found = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.expected("the end"));
    }
    Ok(found)
}

/// Deeper nesting would use up a guest's stack.
const DEEPEST: usize = 128;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err(format!("JSON that is nested more than {DEEPEST} deep"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.quoted().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        let mut members = Vec::new();
        self.at += 1;
        while !self.closes(b'}', members.is_empty())? {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a name"));
            }
            let name = self.quoted()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.expected("a colon"));
            }
            self.at += 1;
            members.push((name, self.value(depth + 1)?));
        }
        Ok(Json::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        let mut items = Vec::new();
        self.at += 1;
        while !self.closes(b']', items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Json::List(items))
    }

    /// Whether the list or object ends here; otherwise the comma before the next is passed.
    fn closes(&mut self, end: u8, first: bool) -> Result<bool, String> {
        self.skip_space();
        let closed = self.peek() == Some(end);
        if closed || self.peek() == Some(b',') && !first {
            self.at += 1;
        } else if !first {
            return Err(self.expected("a comma"));
        }
        Ok(closed)
    }

    fn word(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Result<Json, String> {
        let from = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if leading_zero && whole > 1 {
            return Err(self.expected("no zero before a number"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Json::Number(self.text[from..self.at].into()))
    }

    /// Passes digits, of which there is one at least; how many.
    fn digits(&mut self) -> Result<usize, String> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == from {
            return Err(self.expected("a digit"));
        }
        Ok(self.at - from)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut words = String::new();
        self.at += 1;
        loop {
            let one = self.text[self.at..].chars().next().ok_or_else(|| self.expected("a quotation mark"))?;
            match one {
                '"' => {
                    self.at += 1;
                    return Ok(words);
                }
                '\\' => words.push(self.escaped()?),
                '\0'..='\u{1f}' => return Err(self.expected("no control character")),
                _ => {
                    words.push(one);
                    self.at += one.len_utf8();
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        self.at += 2;
        Ok(match self.text.as_bytes().get(self.at - 1) {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unit(),
            Some(one @ (b'"' | b'\\' | b'/')) => char::from(*one),
            _ => return Err(format!("an escape that there is not, at byte {}", self.at - 1)),
        })
    }

    /// `\uXXXX`, or two of them that make a pair; half a pair is what Unicode puts in the place of what cannot be read.
    fn unit(&mut self) -> Result<char, String> {
        let high = self.hex()?;
        if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4).filter(|four| four.bytes().all(|one| one.is_ascii_hexdigit()));
        let value = digits.and_then(|four| u32::from_str_radix(four, 16).ok()).ok_or_else(|| self.expected("four hex digits"))?;
        self.at += 4;
        Ok(value)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expected(&self, what: &str) -> String {
        format!("no JSON: expected {what} at byte {}", self.at)
    }
}
