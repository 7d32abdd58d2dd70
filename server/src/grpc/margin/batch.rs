//! Portfolios of one message, answered in order on a worker.

use plimsoll_proto::v1;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::super::status;
use super::answer::answer_in_place;
use crate::registry::Registry;

/// The most bytes that stand before an answer in the message of all.
const PREFIX_BYTES: usize = 11;

/// The answers, a faulty request's in its place. Stops when the batch is given up, or when its answers take more bytes
/// than a message may have.
pub(super) fn answers(
    registry: &Registry,
    requests: &[v1::CalculateRequest],
    given_up: &CancellationToken,
    most_bytes: usize,
) -> Result<Vec<v1::CalculateResponse>, Status> {
    let mut room = most_bytes;
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        if given_up.is_cancelled() {
            return Err(status::deadline_exceeded());
        }
        let answer = answer_in_place(registry, request);
        let left = room.checked_sub(answer.encoded_len() + PREFIX_BYTES);
        room = left.ok_or_else(|| status::answer_too_large(most_bytes))?;
        answers.push(answer);
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn answered(given_up: bool, most_bytes: usize) -> Result<usize, Code> {
        let given_up_token = CancellationToken::new();
        if given_up {
            given_up_token.cancel();
        }
        let requests = vec![v1::CalculateRequest::default(); 10];
        let answered = answers(&Registry::new(1), &requests, &given_up_token, most_bytes);
        answered.map(|answers| answers.len()).map_err(|status| status.code())
    }

    #[test]
    fn a_batch_ends_early_when_nobody_waits_or_its_answers_do_not_fit() {
        assert_eq!(answered(false, 10_000), Ok(10));
        assert_eq!(answered(false, 1000), Err(Code::ResourceExhausted));
        assert_eq!(answered(true, 10_000), Err(Code::DeadlineExceeded));
    }
}
