//! Pages of lists: a token names the last entry of its page, so it stays good when that entry is gone.

use plimsoll_proto::v1;

use super::super::violations::Violations;

/// Entries on a page, unless the request says so.
const USUAL: u32 = 100;
/// The most entries on a page.
const MOST: u32 = 1_000;
/// The longest token: twice two names and a number.
const TOKEN_BYTES: usize = 512;

/// What a request asks of a list.
pub(super) struct Page {
    size: usize,
    /// The last entry of the page before.
    last: Option<String>,
}

impl Page {
    /// Checks size and token.
    pub(super) fn of(page_size: u32, page_token: &str) -> Result<Self, Violations> {
        let mut faults = Violations::default();
        let size = match page_size {
            0 => USUAL,
            size if size > MOST => {
                faults.add(|| "page_size".to_owned(), format!("at most {MOST}"));
                MOST
            }
            size => size,
        };
        let last = match page_token {
            "" => None,
            token => {
                let text = text_of(token).ok_or("not a token from the answer to this request's first page");
                faults.keep("page_token", text)
            }
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if faults.is_empty() { Ok(Self { size, last }) } else { Err(faults) }
    }

    /// The last entry of the page before.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// How many entries to gather: one more tells that there is another page.
    pub(super) const fn wanted(&self) -> usize {
        self.size + 1
    }

    /// The entries of the page, and the token of the next.
    pub(super) fn cut<T>(&self, mut entries: Vec<T>, name: impl Fn(&T) -> String) -> (Vec<T>, String) {
        let has_more = entries.len() > self.size;
        entries.truncate(self.size);
        let token = entries
            .last()
            .filter(|_| has_more)
            .map(|last| name(last).bytes().map(|byte| format!("{byte:02x}")).collect());
        (entries, token.unwrap_or_default())
    }
}

fn text_of(token: &str) -> Option<String> {
    if token.len() > TOKEN_BYTES || !token.len().is_multiple_of(2) || !token.is_ascii() {
        return None;
    }
    let bytes = token.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// The name of a group or nothing, of a list that goes over groups.
pub(super) fn group_text(name: &v1::GroupName) -> String {
    format!("{}\n{}", name.house, name.group)
}
