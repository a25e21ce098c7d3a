use super::*;

#[tokio::test]
async fn list_gives_the_newest_first_and_links_to_the_older() {
    let api = native((1..=5).map(|number| exchange(number, |_, _| {})).collect());
    let list = get(&api, "/api-log/v1/entries?limit=2&path=/api/*")
        .await
        .ok();
    assert_eq!(list["entries"][0]["id"], id(5).to_string());
    assert_eq!(list["entries"][1]["id"], id(4).to_string());
    assert_eq!(list["page"]["after"], id(4).to_string());
    assert_eq!(list["page"]["before"], Value::Null);
    assert_eq!(list["page"]["total"], Value::Null);
    let next = list["links"]["next"].as_str().unwrap();
    assert_eq!(
        next,
        format!(
            "/api-log/v1/entries?limit=2&path=%2Fapi%2F*&after={}",
            id(4)
        )
    );
    let second = get(&api, next).await.ok();
    assert_eq!(second["entries"][0]["id"], id(3).to_string());
    let prev = second["links"]["prev"].as_str().unwrap();
    assert_eq!(get(&api, prev).await.ok()["entries"], list["entries"]);
}
