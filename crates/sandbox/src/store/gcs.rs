use std::{
    io::{self, SeekFrom},
    sync::Arc,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use s3s::{
    S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CommonPrefix,
        CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CreateBucketInput,
        CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput,
        HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input,
        ListObjectsV2Output, Object as ListedObject, PutObjectInput, PutObjectOutput,
        StreamingBlob, Timestamp, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{
    Store, StoreError,
    listing::Query,
    objects::Object,
    upload::{Part, Upload},
};

const GENERATION: HeaderName = HeaderName::from_static("x-goog-generation");
const IF_GENERATION_MATCH: &str = "x-goog-if-generation-match";
/// Bytes that are read from a file at once.
const CHUNK: usize = 256 * 1024;

/// The operations of the XML API that `object_store` uses.
pub(super) struct Gcs {
    store: Arc<Store>,
}

impl Gcs {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let code = match error {
            StoreError::NoSuchBucket(_) => S3ErrorCode::NoSuchBucket,
            StoreError::NoSuchObject(_) => S3ErrorCode::NoSuchKey,
            StoreError::Precondition(_) => S3ErrorCode::PreconditionFailed,
            StoreError::Io(_) => S3ErrorCode::InternalError,
        };
        Self::with_message(code, message)
    }
}

fn etag(object: &Object) -> ETag {
    ETag::Strong(object.etag())
}

fn with_generation<T>(output: T, object: &Object) -> S3Response<T> {
    let mut response = S3Response::new(output);
    response
        .headers
        .insert(GENERATION, HeaderValue::from(object.generation));
    response
}

fn length(size: u64) -> S3Result<i64> {
    i64::try_from(size).map_err(|_| s3_error!(InternalError))
}

fn if_generation(headers: &HeaderMap) -> S3Result<Option<u64>> {
    let Some(value) = headers.get(IF_GENERATION_MATCH) else {
        return Ok(None);
    };
    let wanted = value.to_str().ok().and_then(|text| text.parse().ok());
    wanted
        .map(Some)
        .ok_or_else(|| s3_error!(InvalidArgument, "{IF_GENERATION_MATCH} is not a number"))
}

fn body(blob: Option<StreamingBlob>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::iter(blob).flatten().map_err(io::Error::other)
}

#[async_trait::async_trait]
impl S3 for Gcs {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.store.create_bucket(&request.input.bucket);
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.store.objects.check_bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let if_generation = if_generation(&request.headers)?;
        let input = request.input;
        let object = self
            .store
            .objects
            .put(
                &input.bucket,
                &input.key,
                input.content_type,
                if_generation,
                body(input.body),
            )
            .await?;
        let output = PutObjectOutput {
            e_tag: Some(etag(&object)),
            ..PutObjectOutput::default()
        };
        Ok(with_generation(output, &object))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (object, file) = self.store.objects.open(&input.bucket, &input.key)?;
        let (range, content_range) = match input.range {
            None => (0..object.size, None),
            Some(range) => {
                let range = range.check(object.size)?;
                if range.is_empty() {
                    return Err(s3_error!(InvalidRange));
                }
                let last = range.end - 1;
                let shown = format!("bytes {}-{last}/{}", range.start, object.size);
                (range, Some(shown))
            }
        };
        let mut file = tokio::fs::File::from_std(file);
        if range.start > 0 {
            let sought = file.seek(SeekFrom::Start(range.start)).await;
            sought.map_err(StoreError::Io)?;
        }
        let size = range.end - range.start;
        let capacity = usize::try_from(size).map_or(CHUNK, |size| size.clamp(1, CHUNK));
        let bytes = ReaderStream::with_capacity(file.take(size), capacity);
        let output = GetObjectOutput {
            body: Some(StreamingBlob::wrap(bytes)),
            content_length: Some(length(size)?),
            content_range,
            content_type: object.content_type.clone(),
            e_tag: Some(etag(&object)),
            last_modified: Some(Timestamp::from(object.modified)),
            ..GetObjectOutput::default()
        };
        Ok(with_generation(output, &object))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let object = self.store.objects.head(&input.bucket, &input.key)?;
        let output = HeadObjectOutput {
            content_length: Some(length(object.size)?),
            content_type: object.content_type.clone(),
            e_tag: Some(etag(&object)),
            last_modified: Some(Timestamp::from(object.modified)),
            ..HeadObjectOutput::default()
        };
        Ok(with_generation(output, &object))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let asked = input.max_keys.and_then(|keys| usize::try_from(keys).ok());
        let limit = asked.map_or(self.store.page_size(), |keys| {
            keys.clamp(1, self.store.page_size())
        });
        let page = self.store.objects.page(
            &input.bucket,
            Query {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: input.delimiter.as_deref().filter(|text| !text.is_empty()),
                after: input
                    .continuation_token
                    .as_deref()
                    .or(input.start_after.as_deref()),
                limit,
            },
        )?;
        let found = page.objects.len() + page.groups.len();
        let contents = page
            .objects
            .into_iter()
            .map(|(name, object)| {
                Ok(ListedObject {
                    e_tag: Some(etag(&object)),
                    key: Some(name),
                    last_modified: Some(Timestamp::from(object.modified)),
                    size: Some(length(object.size)?),
                    ..ListedObject::default()
                })
            })
            .collect::<S3Result<Vec<_>>>()?;
        let groups = page
            .groups
            .into_iter()
            .map(|prefix| CommonPrefix {
                prefix: Some(prefix),
            })
            .collect();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            max_keys: i32::try_from(limit).ok(),
            key_count: i32::try_from(found).ok(),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next,
            contents: Some(contents),
            common_prefixes: Some(groups),
            ..ListObjectsV2Output::default()
        }))
    }

    /// Answers 404 where there is no such object: GCS does, S3 does not.
    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.store.objects.delete(&input.bucket, &input.key)?;
        let mut response = S3Response::new(DeleteObjectOutput::default());
        response.status = Some(StatusCode::NO_CONTENT);
        Ok(response)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        self.store.objects.check_bucket(&input.bucket)?;
        let id = self.store.uploads.begin(Upload {
            bucket: input.bucket.clone(),
            name: input.key.clone(),
            content_type: input.content_type,
            parts: std::collections::BTreeMap::new(),
        });
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        if !self.store.uploads.knows(&input.upload_id) {
            return Err(s3_error!(NoSuchUpload));
        }
        let bytes = self.store.objects.receive(body(input.body)).await?;
        let etag = format!("{:016x}", self.store.objects.next_generation());
        let part = Part {
            etag: etag.clone(),
            bytes,
        };
        if !self
            .store
            .uploads
            .add(&input.upload_id, input.part_number, part)
        {
            return Err(s3_error!(NoSuchUpload));
        }
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..UploadPartOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let named = input.multipart_upload.and_then(|named| named.parts);
        let upload = self
            .store
            .uploads
            .take(&input.upload_id)
            .filter(|upload| upload.bucket == input.bucket && upload.name == input.key)
            .ok_or_else(|| s3_error!(NoSuchUpload))?;
        let mut files = Vec::new();
        for part in named.unwrap_or_default() {
            let known = part
                .part_number
                .and_then(|number| upload.parts.get(&number))
                .filter(|known| {
                    part.e_tag
                        .as_ref()
                        .is_none_or(|etag| etag.value() == known.etag)
                })
                .ok_or_else(|| s3_error!(InvalidPart))?;
            files.push(known.bytes.file.clone());
        }
        let bytes = stream::iter(files)
            .then(tokio::fs::File::open)
            .map_ok(|file| ReaderStream::with_capacity(file, CHUNK))
            .try_flatten();
        let object = self
            .store
            .objects
            .put(
                &input.bucket,
                &input.key,
                upload.content_type.clone(),
                None,
                bytes,
            )
            .await?;
        let output = CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(etag(&object)),
            ..CompleteMultipartUploadOutput::default()
        };
        Ok(with_generation(output, &object))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        match self.store.uploads.take(&request.input.upload_id) {
            Some(_) => Ok(S3Response::new(AbortMultipartUploadOutput::default())),
            None => Err(s3_error!(NoSuchUpload)),
        }
    }
}
