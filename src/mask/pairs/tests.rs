use super::super::tests::{pass, pass_with};
use super::super::{Rule, Rules};
use super::*;

#[track_caller]
fn shows(text: &str, shown: &str) {
    let masked = pass(|pass| mask(text, false, 0, pass));
    assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
}

#[test]
fn t7_t9_secret_parameters_are_masked_in_place_and_the_rest_keeps_its_bytes() {
    let m = "%5BMASKED%5D";
    shows(
        "a=%c3%A9+b&token=canary&&c",
        &format!("a=%c3%A9+b&token={m}&&c"),
    );
    shows(
        "api_key=canary&API-KEY=canary",
        &format!("api_key={m}&API-KEY={m}"),
    );
    shows("user[password]=canary&x", &format!("user[password]={m}&x"));
    shows(
        "user%5Bpass%77ord%5D=canary%2B",
        &format!("user%5Bpass%77ord%5D={m}"),
    );
    shows(
        "token[value]=canary&secret[]=canary&secret[]=b",
        &format!("token[value]={m}&secret[]={m}&secret[]={m}"),
    );
    shows("token=can;ary=1&b=1", &format!("token={m}&b=1"));
    shows("a=1;token=can;ary&b=2", &format!("a=1;token={m}&b=2"));
    shows("code=canary&state=canary", &format!("code={m}&state={m}"));
    shows(
        "X-Amz-Signature=c&X-Amz-Credential=c&X-Amz-Security-Token=c&X-Amz-Date=d",
        &format!("X-Amz-Signature={m}&X-Amz-Credential={m}&X-Amz-Security-Token={m}&X-Amz-Date=d"),
    );
    shows(
        "AWSAccessKeyId=c&Signature=c&sig=c&X-Goog-Signature=c",
        &format!("AWSAccessKeyId={m}&Signature={m}&sig={m}&X-Goog-Signature={m}"),
    );
    shows("authorization=Bearer+canary", &format!("authorization={m}"));
    for same in [
        "",
        "page[after]=x",
        "state=open",
        "token=&a",
        "token",
        "max_tokens=5",
        "country_code=de",
        "a=1;b=2",
        "=x",
    ] {
        shows(same, same);
    }
}

#[test]
fn t9_json_and_urls_in_a_value_are_masked_inside() {
    shows(
        "payload=%7B%22password%22%3A%22canary%22%2C%22a%22%3A1%7D",
        "payload=%7B%22password%22%3A%22%5BMASKED%5D%22%2C%22a%22%3A1%7D",
    );
    shows(
        "filter={\"password\":\"canary\"}",
        "filter=%7B%22password%22%3A%22%5BMASKED%5D%22%7D",
    );
    shows(
        "next=https%3A%2F%2Fme%3Acanary%40x%2F",
        "next=https%3A%2F%2F%2A%2A%2A%2A%40x%2F"
            .replace("%2A", "*")
            .as_str(),
    );
    shows(
        "next=account?token=canary",
        "next=account%3Ftoken%3D%255BMASKED%255D",
    );
    shows("q={draft}&r=[1]&e=a@b.c", "q={draft}&r=[1]&e=a@b.c");
}

#[test]
fn token_in_a_query_shows_its_shape() {
    shows(
        "api_key=persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab",
        "api_key=persona_production_61bd73de-ce28-****-****-************",
    );
}

#[test]
fn t3_cut_pairs_show_no_beginning_of_a_secret() {
    let form = "a=1&token=canary7f3a&next=https%3A%2F%2Fme%3Acanary7f3a%40x%2F%3Ftoken%3Dcanary7f3a&p=%7B%22pin%22%3A%22canary7f3a%22";
    for end in 0..=form.len() {
        let masked = pass(|pass| mask(&form[..end], true, 0, pass));
        let shown = masked.as_deref().unwrap_or(&form[..end]);
        assert!(!shown.contains("cana"), "{shown}");
    }
}

#[test]
fn pair_that_is_removed_goes_with_its_sign() {
    let rules = Rules::default().rule(Rule::query("invite").replace_with(Replacement::Remove));
    for (text, shown) in [
        ("invite=canary&a=1&b=2", "a=1&b=2"),
        ("a=1&invite=canary&b=2", "a=1&b=2"),
        ("a=1&invite=canary", "a=1"),
        ("invite=canary", ""),
        ("invite=canary&invite=canary", ""),
        ("a=1&invite=canary&invite=canary", "a=1"),
        ("invite=canary&a=1&invite=canary", "a=1"),
        ("invite=canary&token=canary", "token=%5BMASKED%5D"),
        ("a=1;invite=canary&b=2", "a=1;invite=%5BMASKED%5D&b=2"),
        ("invite=&a=1", "invite=&a=1"),
    ] {
        let masked = pass_with(&rules, |pass| mask(text, false, 0, pass));
        assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
    }
}

#[test]
fn t3_value_whose_name_was_cut_off_is_masked() {
    for (text, shown) in [
        ("value=canary", "value=%5BMASKED%5D"),
        ("a=1&value=canary&na", "a=1&value=%5BMASKED%5D&na"),
        ("value=canary&name=pi", "value=%5BMASKED%5D&name=pi"),
        // Another name may still come.
        (
            "value=red&name=colour&a",
            "value=%5BMASKED%5D&name=colour&a",
        ),
    ] {
        let masked = pass(|pass| mask(text, true, 0, pass));
        assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
    }
}

#[test]
fn t9_secret_without_a_name_and_in_a_name_is_masked() {
    for (text, shown) in [
        ("4111111111111111", "%5BMASKED%5D"),
        ("a=1&4111111111111111&b=2", "a=1&%5BMASKED%5D&b=2"),
        ("4111+1111+1111+1111=x", "%5BMASKED%5D=x"),
        (
            "4111111111111111_token=canary",
            "%5BMASKED%5D_token=%5BMASKED%5D",
        ),
        (
            "4111111111111111%20token=canary",
            "%5BMASKED%5D%20token=%5BMASKED%5D",
        ),
        ("%7B%22pin%22:1%7D", "%7B%22pin%22%3A%22%5BMASKED%5D%22%7D"),
        ("a=1&decoy&b", "a=1&decoy&b"),
    ] {
        let masked = pass(|pass| mask(text, false, 0, pass));
        assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
    }
    let masked = pass(|pass| mask("note=paid+4111+11", true, 0, pass));
    assert_eq!(masked.as_deref(), Some("note=paid%20%5BMASKED%5D"));
}

#[test]
fn t6_variables_of_a_graphql_query_beside_them_are_masked_by_where_they_go() {
    let query = encoded("mutation($p: String) { login(password: $p) }");
    let shown = encoded(r#"{"p":"[MASKED]","n":1}"#);
    let variables = encoded(r#"{"p":"canary","n":1}"#);
    shows(
        &format!("query={query}&variables={variables}&p=1"),
        &format!("query={query}&variables={shown}&p=1"),
    );
    shows(
        &format!("v%61riables={variables}&query={query}"),
        &format!("v%61riables={shown}&query={query}"),
    );
    shows(
        &format!("variables={variables}&query=%7B"),
        "variables=%5BMASKED%5D&query=%7B",
    );
    let same = format!("extensions=x&variables={variables}");
    shows(&same, &same);
    let cut = format!("variables={variables}&que");
    let shown = pass(|pass| mask(&cut, true, 0, pass));
    assert_eq!(shown.as_deref(), Some("variables=%5BMASKED%5D&que"));
}
