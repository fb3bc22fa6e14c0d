//! Graph's documented errors, one constructor each (reference: graph.md sections 2, 4.6, 5.3, 10).
//!
//! `innerError` (date, request-id, client-request-id) is added when the answer leaves the cloud.

use crate::done::Done;
use serde_json::json;

/// An error with a free choice of status, code and message.
pub fn error(status: u16, code: &str, message: &str) -> Done {
    Done::json(status, json!({"error": {"code": code, "message": message}}))
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident: $status:literal $code:literal $message:literal;)*) => {
        $($(#[$doc])* pub fn $name() -> Done { error($status, $code, $message) })*
    };
}

errors! {
    invalid_token: 401 "InvalidAuthenticationToken" "Access token is empty.";
    expired_token: 401 "InvalidAuthenticationToken" "Lifetime validation failed, the token is expired.";
    /// A directory call without the permission.
    authorization_denied: 403 "Authorization_RequestDenied" "Insufficient privileges to complete the operation.";
    /// An Outlook call without the permission.
    access_denied: 403 "ErrorAccessDenied" "Access is denied. Check credentials and try again.";
    /// Application access policy (graph.md 1.6).
    policy_denied: 403 "ErrorAccessDenied" "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.";
    item_not_found: 404 "ErrorItemNotFound" "The specified object was not found in the store.";
    image_not_found: 404 "ImageNotFound" "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.";
    non_existent_mailbox: 404 "ErrorNonExistentMailbox" "The mailbox does not exist.";
    mailbox_not_enabled: 404 "MailboxNotEnabledForRESTAPI" "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
    malformed_id: 400 "ErrorInvalidIdMalformed" "Id is malformed.";
    folder_exists: 409 "ErrorFolderExists" "A folder with the specified name already exists.";
    category_exists: 409 "ErrorIrresolvableConflict" "A category with the specified name already exists.";
    distinguished_folder: 403 "ErrorDeleteDistinguishedFolder" "Distinguished folders cannot be deleted.";
    cannot_delete: 400 "ErrorCannotDeleteObject" "The object cannot be deleted.";
    conflict: 409 "ErrorIrresolvableConflict" "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.";
    precondition_failed: 412 "ErrorIrresolvableConflict" "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.";
    unreadable_body: 400 "UnableToDeserializePostBody" "were unable to deserialize ";
    body_required: 400 "RequestBodyRead" "A non-empty request body is required.";
    unsupported_query: 400 "Request_UnsupportedQuery" "Unsupported or invalid query filter clause specified for property of resource.";
    method_not_allowed: 405 "Request_BadRequest" "Specified HTTP method is not allowed for the request target.";
    quota_exceeded: 507 "ErrorQuotaExceeded" "Your mailbox has exceeded its quota.";
    body_too_large: 413 "ErrorMessageSizeExceeded" "The message exceeds the maximum supported size.";
    transient: 500 "ErrorInternalServerTransientError" "Cannot query rows in a table.";
    internal: 500 "InternalServerError" "An internal server error occurred. The operation failed.";
    bad_gateway: 502 "UnknownError" "";
    unavailable: 503 "ServiceUnavailable" "The service is temporarily unavailable. Please try again.";
    gateway_timeout: 504 "UnknownError" "The server, while acting as a proxy, did not receive a timely response from the upstream server.";
    store_unavailable: 503 "ErrorMailboxStoreUnavailable" "The mailbox store is currently unavailable.";
    mailbox_moving: 423 "ErrorMailboxMoveInProgress" "Mailbox move in progress. Try again later.";
    concurrent_save: 503 "ErrorConcurrentItemSave" "Cannot save changes made to an item to store.";
    failed_dependency: 424 "FailedDependency" "A dependent request in the batch failed.";
    /// Directory tokens (graph.md 4.2).
    resync_required: 410 "resyncRequired" "The delta token is no longer valid, and the app must reset the sync state.";
    bad_sync_state: 400 "ErrorInvalidSyncStateData" "The sync state data is invalid.";
}

/// 429 of the mailbox's four slots; `Retry-After` is added by the throttle.
pub fn mailbox_concurrency() -> Done {
    error(
        429,
        "ApplicationThrottled",
        "Application is over its MailboxConcurrency limit.",
    )
}

/// 429 of a mailbox budget, e.g. `RequestBroker--ParseUri` or `IncomingBytes`.
pub fn over_limit(limit: &str) -> Done {
    error(
        429,
        "ApplicationThrottled",
        &format!("Application is over its {limit} limit."),
    )
}

/// 429 of the directory, as the documentation samples it (graph.md 5.3).
pub fn too_many_requests() -> Done {
    Done::json(
        429,
        json!({"error": {
            "code": "TooManyRequests",
            "innerError": {"code": "429", "message": "Please retry after", "status": "429"},
            "message": "Please retry again later."
        }}),
    )
}

/// A lost Outlook cursor (graph.md 2.5).
pub fn sync_state_not_found(generation: u64, highest: u64) -> Done {
    let message = format!(
        "The sync state generation is not found; generation={generation};[highest={highest}][{highest}][{}][{}].",
        highest.saturating_sub(2),
        highest.saturating_sub(1),
    );
    error(410, "SyncStateNotFound", &message)
}

/// A directory object that is not there.
pub fn resource_not_found(id: &str) -> Done {
    let message = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    );
    error(404, "Request_ResourceNotFound", &message)
}

/// An Outlook path whose user does not exist, or is a distribution list.
pub fn invalid_user(key: &str) -> Done {
    error(
        404,
        "ErrorInvalidUser",
        &format!("The requested user '{key}' is invalid."),
    )
}

/// Too many entries in a slot-bound list, in the words of microsoft-graph-docs#15276.
pub fn too_many_values(property: &str, count: usize, max: usize) -> Done {
    let message = format!(
        "The multi value property {property} has {count} entries, that exceeds the max allowed value of {max}"
    );
    error(400, "ErrorInvalidRequest", &message)
}

/// A path segment that the schema does not know.
pub fn unknown_segment(segment: &str) -> Done {
    error(
        400,
        "BadRequest",
        &format!("Resource not found for the segment '{segment}'."),
    )
}

/// A property that the type does not have.
pub fn unknown_property(property: &str, kind: &str) -> Done {
    let message = format!(
        "The property '{property}' does not exist on type '{kind}'. Make sure to only use property names that are defined by the type."
    );
    error(400, "RequestBodyRead", &message)
}

/// A value of the wrong shape.
pub fn invalid_property(property: &str) -> Done {
    error(
        400,
        "ErrorInvalidProperty",
        &format!("The property '{property}' has an invalid value."),
    )
}

/// Anything else that Outlook refuses as a bad request.
pub fn invalid_request(message: &str) -> Done {
    error(400, "ErrorInvalidRequest", message)
}

/// Anything that the gateway refuses as a bad request.
pub fn bad_request(message: &str) -> Done {
    error(400, "BadRequest", message)
}

/// Anything that the directory refuses as a bad request.
pub fn directory_bad_request(message: &str) -> Done {
    error(400, "Request_BadRequest", message)
}
