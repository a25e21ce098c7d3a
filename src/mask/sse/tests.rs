use super::super::tests::pass;
use super::*;

fn masked(text: &str, cut: bool, is_plain: bool) -> String {
    let masked = pass(|pass| mask(text, cut, is_plain, pass));
    masked.unwrap_or_else(|| text.to_owned())
}

#[track_caller]
fn shows(text: &str, shown: &str) {
    assert_eq!(masked(text, false, false), shown, "{text}");
}

#[test]
fn t10_data_of_an_event_is_masked_as_json() {
    shows(
        "event: login\r\ndata: {\"a\":1,\"token\":\"canary\"}\r\nid: 7\r\n\r\ndata:{\"a\":2}\r\n\r\n",
        "event: login\r\ndata: {\"a\":1,\"token\":\"[MASKED]\"}\r\nid: 7\r\n\r\ndata:{\"a\":2}\r\n\r\n",
    );
    shows(
        "data: {\"pin\":\ndata: \"canary\",\ndata:\ndata: \"a\":1}\n\ndata: 5\n\n",
        "data: {\"pin\":\ndata: \"[MASKED]\",\ndata: \ndata: \"a\":1}\n\ndata: 5\n\n",
    );
    shows(
        "data:{\"a\":1,\revent: x\rdata:\"pin\":1}\r\rdata:[]\r",
        "data:{\"a\":1,\rdata:\"pin\":\"[MASKED]\"}\revent: x\r\rdata:[]\r",
    );
    shows("data: {\"pin\":1}", "data: {\"pin\":\"[MASKED]\"}");
}

#[test]
fn streams_of_language_models_keep_their_bytes() {
    for text in [
        "data: {\"id\":\"chatcmpl-9x\",\"object\":\"chat.completion.chunk\",\"created\":1694268190,\"model\":\"gpt-4o-mini\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" Hello: \"},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}\n\ndata: [DONE]\n\n",
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"stop_sequence\":null,\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"location\\\": \\\"San Fra\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ": ping - 2024-01-01 10:20:30.123456+00:00\r\n\r\n:\n: keep-alive\n\nretry: 3000\nid: 1700000000000-0\nid\n\ndata: ping\n\ndata\n\ndata: 12.5\n\ndata: \"a word\"\n\ndata: true\n\n",
        "id: 8f14e45f-ceea-467f-ab1b-0123456789ab\nevent: user.created\ndata: [1]\n\n",
    ] {
        shows(text, text);
    }
}

#[test]
fn what_is_no_json_is_withheld_event_by_event() {
    shows(
        "data: can\ndata: ary\n\ndata: {\"a\":1}\n\ndata: {\"pin\":1\n\ndata: Ping\n\n",
        "data: [WITHHELD]\n\ndata: {\"a\":1}\n\ndata: [WITHHELD]\n\ndata: [WITHHELD]\n\n",
    );
    shows(
        "event: can ary\nid: can ary\nid: eyJhbGciOiJub25lIn0.e30.\nretry: canary\n: the canary is\ncanary\nx: canary\nevent: canary7f3a91c5d2e8b64f0a1d\n\n",
        "event: [WITHHELD]\nid: [WITHHELD]\nid: [MASKED].\nretry: [WITHHELD]\n: [WITHHELD]\n: [WITHHELD]\n: [WITHHELD]\nevent: [WITHHELD]\n\n",
    );
    let plain = "data: hello you\ndata: password=canary1\n\n";
    assert_eq!(
        masked(plain, false, true),
        "data: hello you\ndata: password=%5BMASKED%5D\n\n"
    );
}

#[test]
fn t3_stream_that_was_cut_shows_no_beginning_of_a_secret() {
    let text = "event: a\r\nid: 7\r\ndata: {\"decoy\":1,\r\ndata: \"token\":\"canary\",\"value\":\"canary\",\"name\":\"pin\"}\r\n\r\n: canaries in it\r\ndata: canary 7\r\n\r\ncanary\r\ndata: ok\r\n\r\n";
    for end in 0..=text.len() {
        let shown = masked(&text[..end], true, false);
        assert!(
            !shown.contains("can") && !shown.contains("ary"),
            "{end}: {shown}"
        );
    }
    let token = text.find("ary\",\"value").unwrap();
    assert_eq!(
        masked(&text[..token], true, false),
        "event: a\r\nid: 7\r\ndata: {\"decoy\":1,\r\ndata: \"token\":\"[MASKED]\"\r\n"
    );
    assert_eq!(
        masked("data: ok\n\ndata: p", true, false),
        "data: ok\n\ndata: [WITHHELD]"
    );
    assert_eq!(masked("data: ok\n\nid: p", true, false), "data: ok\n\n");
}

#[test]
fn t26_streams_take_linear_time() {
    for unit in [
        "\n",
        "\r",
        "data\n",
        "data: {\n",
        "data:[]\n\n",
        ":\n",
        "id: a\n",
        "data: {\"pin\":1}\n\n",
        "x",
    ] {
        let text = unit.repeat(100_000 / unit.len());
        for cut in [false, true] {
            let _ = masked(&text, cut, false);
            let _ = masked(&text, cut, true);
        }
    }
}
