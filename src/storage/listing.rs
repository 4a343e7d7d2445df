use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use http::Method;
use quick_xml::{Reader, escape::resolve_xml_entity, events::Event};

use super::{
    answer::Action,
    client::{Ask, StorageClient},
};
use crate::ports::{Folder, StorageError, StoredObject};

/// The largest page that is read: 1,000 names of 1 KiB, escaped, with room.
const PAGE_LIMIT: usize = 16 * 1024 * 1024;

/// One page of a listing.
#[derive(Debug, Default, PartialEq)]
struct Page {
    objects: Vec<Listed>,
    next: Option<String>,
}

/// One object of a page, by its exact name.
#[derive(Debug, Default, PartialEq)]
struct Listed {
    name: String,
    size: u64,
    last_modified: DateTime<Utc>,
    generation: Option<String>,
}

/// Where a listing stands.
enum Cursor {
    Start,
    After(String),
    End,
}

impl StorageClient {
    /// Lists a folder page by page. Each page is retried by itself, so that a
    /// failure amid a listing neither repeats nor leaves out an object.
    pub(super) fn pages<'a>(
        &'a self,
        folder: &'a Folder,
    ) -> BoxStream<'a, Result<StoredObject, StorageError>> {
        stream::try_unfold(Cursor::Start, move |cursor| async move {
            let after = match cursor {
                Cursor::Start => None,
                Cursor::After(token) => Some(token),
                Cursor::End => return Ok(None),
            };
            let page = self
                .settings
                .retry
                .run(&self.shutdown, || self.page(folder, after.as_deref()))
                .await?;
            let next = page.next.map_or(Cursor::End, Cursor::After);
            let bucket = folder.bucket();
            let objects = page.objects.into_iter().map(move |listed| {
                Ok(StoredObject {
                    bucket: bucket.to_owned(),
                    name: listed.name,
                    size: listed.size,
                    last_modified: listed.last_modified,
                    generation: listed.generation,
                })
            });
            Ok(Some((stream::iter(objects), next)))
        })
        .try_flatten()
        .boxed()
    }

    async fn page(&self, folder: &Folder, after: Option<&str>) -> Result<Page, StorageError> {
        let url = folder.to_string();
        let bucket = format!("gs://{}", folder.bucket());
        let action = Action {
            verb: "list",
            url: &url,
            missing: &bucket,
        };
        let prefix = format!("{}/", folder.prefix());
        let mut ask = Ask::new(
            action,
            Method::GET,
            self.settings.endpoint.bucket(folder.bucket()),
        );
        ask.limit = PAGE_LIMIT;
        ask.query = vec![("list-type", "2".to_owned()), ("prefix", prefix.clone())];
        if let Some(token) = after {
            ask.query.push(("continuation-token", token.to_owned()));
        }
        if let Some(size) = self.settings.page_size {
            ask.query.push(("max-keys", size.to_string()));
        }
        let answer = self.send(&ask).await?;
        let page = read_page(&answer.body).map_err(|problem| action.unavailable(problem))?;
        // What is listed may be deleted: take nothing from outside.
        if let Some(outside) = page
            .objects
            .iter()
            .find(|object| !object.name.starts_with(&prefix))
        {
            return Err(
                action.unavailable(format!("it listed {:?}, which lies outside", outside.name))
            );
        }
        if page.next.is_some() && page.next.as_deref() == after {
            return Err(action.unavailable("its pages go round in a circle"));
        }
        Ok(page)
    }
}

/// Reads a `ListBucketResult`. Text is taken as it stands, for a name may begin
/// or end with a space.
fn read_page(xml: &Bytes) -> Result<Page, String> {
    let mut reader = Reader::from_reader(xml.as_ref());
    let mut page = Page::default();
    let mut path: Vec<Vec<u8>> = Vec::new();
    let mut text = String::new();
    let mut listed = Listed::default();
    let mut truncated = false;
    let malformed = |error: &dyn std::fmt::Display| format!("its answer is no listing: {error}");
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(tag) => {
                path.push(tag.local_name().as_ref().to_vec());
                text.clear();
            }
            Event::Empty(_) => text.clear(),
            Event::Text(raw) => text.push_str(&raw.decode().map_err(|error| malformed(&error))?),
            Event::CData(raw) => text.push_str(&raw.decode().map_err(|error| malformed(&error))?),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| malformed(&error))?;
                if let Some(character) = character {
                    text.push(character);
                } else {
                    let name = reference.decode().map_err(|error| malformed(&error))?;
                    let known = resolve_xml_entity(&name);
                    text.push_str(known.ok_or_else(|| malformed(&"an unknown entity"))?);
                }
            }
            Event::End(_) => {
                let path_so_far: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
                match path_so_far[..] {
                    [b"ListBucketResult", b"Contents", b"Key"] => {
                        listed.name = std::mem::take(&mut text);
                    }
                    [b"ListBucketResult", b"Contents", b"Size"] => {
                        listed.size = text.trim().parse().map_err(|error| malformed(&error))?;
                    }
                    [b"ListBucketResult", b"Contents", b"Generation"] => {
                        listed.generation = Some(text.trim().to_owned());
                    }
                    [b"ListBucketResult", b"Contents", b"LastModified"] => {
                        listed.last_modified =
                            text.trim().parse().map_err(|error| malformed(&error))?;
                    }
                    [b"ListBucketResult", b"Contents"] => {
                        page.objects.push(std::mem::take(&mut listed));
                    }
                    [b"ListBucketResult", b"NextContinuationToken"] if !text.is_empty() => {
                        page.next = Some(std::mem::take(&mut text));
                    }
                    [b"ListBucketResult", b"IsTruncated"] => truncated = text.trim() == "true",
                    [b"ListBucketResult"] => {
                        return if truncated && page.next.is_none() {
                            Err(malformed(&"it is cut without saying how to go on"))
                        } else {
                            Ok(page)
                        };
                    }
                    _ => {}
                }
                path.pop();
                text.clear();
            }
            Event::Eof => return Err(malformed(&"it ends too early")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<Page, String> {
        read_page(&Bytes::copy_from_slice(xml.as_bytes()))
    }

    #[test]
    fn names_are_read_exactly_as_they_are() {
        let page = read(
            "<?xml version='1.0' encoding='UTF-8'?>\n<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>\n  <Name>b</Name><IsTruncated>true</IsTruncated>\n  <Contents><Key> a&amp;b &#228;/%2F=&lt;1&gt;//x/ </Key><Generation>1</Generation><LastModified>2026-11-22T03:05:07.123Z</LastModified><ETag>&quot;e&quot;</ETag><Size>12</Size><Owner><Key>no</Key></Owner></Contents>\n<NextContinuationToken>t&amp;=</NextContinuationToken></ListBucketResult>",
        )
        .unwrap();
        assert_eq!(
            page,
            Page {
                objects: vec![Listed {
                    name: " a&b ä/%2F=<1>//x/ ".to_owned(),
                    size: 12,
                    last_modified: "2026-11-22T03:05:07.123Z".parse().unwrap(),
                    generation: Some("1".to_owned()),
                }],
                next: Some("t&=".to_owned()),
            }
        );
    }

    #[test]
    fn an_empty_listing_is_one_too() {
        assert_eq!(
            read("<ListBucketResult><Name>b</Name></ListBucketResult>"),
            Ok(Page::default())
        );
    }

    #[test]
    fn what_is_no_whole_listing_is_never_taken_for_an_empty_one() {
        for xml in [
            "",
            "<html><body>hello</body></html>",
            "<ListBucketResult><Name>b</Name>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Key>&nbsp;</Key></Contents></ListBucketResult>",
            "<ListBucketResult><Contents></ListBucketResult>",
            "{}",
        ] {
            let error = read(xml).unwrap_err();
            assert!(error.starts_with("its answer is no listing: "), "{error}");
        }
    }
}
