use super::super::tests::pass;
use super::*;

#[track_caller]
fn shows(text: &str, shown: &str) {
    let masked = pass(|pass| mask(text, false, Header::Unsaid, pass));
    let masked = masked.map(|it| it.unwrap_or_else(|| text.to_owned()));
    assert_eq!(masked.as_deref(), Ok(shown), "{text}");
}

#[test]
fn t10_columns_below_a_secret_name_are_masked_and_the_rest_keeps_its_bytes() {
    shows(
        "id,password,note\r\n1,canary,a\r\n2,\"can\"\"a,ry\",\"b\r\nc\"\r\n3,,d",
        "id,password,note\r\n1,[MASKED],a\r\n2,\"[MASKED]\",\"b\r\nc\"\r\n3,,d",
    );
    shows(
        "email;API key\n\na@b.c;canary\n",
        "email;API key\n\na@b.c;[MASKED]\n",
    );
    shows(
        "colour\tsize\tcvc\nred\t1\t123\n",
        "colour\tsize\tcvc\nred\t1\t[MASKED]\n",
    );
    shows(
        "key,value\nCOLOUR,red\nDB_PASSWORD,canary\n",
        "key,value\nCOLOUR,red\nDB_PASSWORD,[MASKED]\n",
    );
    shows(
        "id,value,key\n1,canary,API_KEY\n",
        "id,value,key\n1,[MASKED],API_KEY\n",
    );
    shows(
        "id,next,data\n1,https://me:canary@x.test/,\"{\"\"pin\"\":\"\"canary\"\"}\"\n2,password=canary,x\n",
        "id,next,data\n1,https://****@x.test/,\"{\"\"pin\"\":\"\"[MASKED]\"\"}\"\n2,password=%5BMASKED%5D,x\n",
    );
    shows("sensor,level\na,1.5\nb,2\n", "sensor,level\na,1.5\nb,2\n");
}

#[test]
fn table_without_a_certain_header_is_unstructured() {
    for text in [
        "",
        "canary",
        "jane,canary\njohn,canary\n",
        "jane,canary7f3a91c5d2e8b64f0a1d\n1,2\n",
        "1,password\n2,canary\n",
        "colour,colour\n1,2\n",
        "colour,size\nred,big\n",
        "a,b;c\n1,2;3\n",
        "a@b.c,size\nx,1\n",
    ] {
        let masked = pass(|pass| mask(text, false, Header::Unsaid, pass));
        assert_eq!(masked, Err(WithheldReason::Unstructured), "{text}");
    }
    let said = |header| pass(|pass| mask("colour,size\nred,big\n", false, header, pass));
    assert_eq!(said(Header::Present), Ok(None));
    assert_eq!(said(Header::Absent), Err(WithheldReason::Unstructured));
}

#[test]
fn t4_broken_table_is_malformed() {
    for text in [
        "id,name\n1\n",
        "id,name\n1,2,canary\n",
        "id,name\n1,\"canary\n",
        "id,name\n1,\"canary\"x\n",
        "id,name\n1,can\"ary\n",
        "id,name\n1,canary\r2,x\n",
    ] {
        let masked = pass(|pass| mask(text, false, Header::Unsaid, pass));
        assert_eq!(masked, Err(WithheldReason::Malformed), "{text}");
    }
}

#[test]
fn table_that_was_cut_ends_with_its_last_whole_row() {
    let text = "id,name,pin\r\n1,\"a\r\nb\",1234\r\n2,jane,canary\r\n";
    let cut = |end| pass(|pass| mask(&text[..end], true, Header::Unsaid, pass)).unwrap();
    let second = text.find("2,").unwrap();
    for end in second..text.len() {
        let shown = cut(end);
        assert_eq!(
            shown.as_deref(),
            Some("id,name,pin\r\n1,\"a\r\nb\",[MASKED]\r\n"),
            "{end}"
        );
    }
}
