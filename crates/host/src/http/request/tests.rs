use super::*;

fn request(method: &str, url: &str, headers: &[(&str, &str, Option<&str>)]) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers
            .iter()
            .map(|&(name, value, variable)| Header {
                name: name.to_owned(),
                value: value.to_owned(),
                value_env_var: variable.map(str::to_owned),
            })
            .collect(),
        body: None,
        timeout: None,
        redirects: Redirects::Follow,
    }
}

fn variables() -> HeaderVariables {
    HeaderVariables::from_values([
        ("TOKEN".to_owned(), Some("secret".to_owned())),
        ("LINES".to_owned(), Some("a\nb".to_owned())),
        ("UNSET".to_owned(), None),
    ])
}

fn refusal(request: HttpRequest) -> String {
    let error = prepare(request, &variables()).unwrap_err();
    assert!(error.is_invalid());
    error.to_string()
}

#[test]
fn h01_odd_requests_are_refused_in_the_known_words() {
    let url = "http://h/";
    let cases = [
        (
            request("", url, &[]),
            "method is invalid: invalid HTTP method",
        ),
        (
            request("A B", url, &[]),
            "method is invalid: invalid HTTP method",
        ),
        (
            request("GET", "", &[]),
            "url is invalid: relative URL without a base",
        ),
        (request("GET", "http://", &[]), "url is invalid: empty host"),
        (
            request("GET", "http://[::1", &[]),
            "url is invalid: invalid IPv6 address",
        ),
        (
            request("GET", "http://h:70000/", &[]),
            "url is invalid: invalid port number",
        ),
        (
            request("GET", "ftp://h/", &[]),
            "only supports http and https URLs, got ftp",
        ),
        (
            request("GET", "file:///etc/passwd", &[]),
            "only supports http and https URLs, got file",
        ),
        (
            request("GET", url, &[("a b", "", None)]),
            "header name is invalid: invalid HTTP header name",
        ),
        (
            request("GET", url, &[("A", "x\r\ny: z", None)]),
            "header value is invalid for A: failed to parse header value",
        ),
        (
            request("GET", url, &[("X-T", "Bearer ", Some("UNSET"))]),
            "header X-T requires executor environment variable UNSET",
        ),
        (
            request("GET", url, &[("X-T", "Bearer ", Some("LINES"))]),
            "header value is invalid for X-T: failed to parse header value",
        ),
        (
            request("GET", url, &[("X-T", "", Some("HOME"))]),
            "header X-T may not carry executor environment variable HOME: \
             it is not allowed by --http-env HOME",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(refusal(request), format!("http/request {expected}"));
    }
}

#[test]
fn variables_are_appended_and_marked_secret() {
    let headers = [("X-T", "Bearer ", Some("TOKEN")), ("x-t", "open", None)];
    let hop = prepare(request("GET", "http://h/", &headers), &variables()).unwrap();
    let values: Vec<_> = hop.headers.get_all("x-t").iter().collect();
    assert_eq!(values, ["Bearer secret", "open"]);
    assert!(values[0].is_sensitive() && !values[1].is_sensitive());
}

#[test]
fn the_number_of_headers_is_bounded() {
    let names: Vec<_> = (0..40_000).map(|n| format!("h{n}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "", None)).collect();
    assert_eq!(
        refusal(request("GET", "http://h/", &headers)),
        "http/request has too many headers"
    );
}

#[test]
fn debug_shows_no_secret() {
    let mut request = request(
        "GET",
        "http://user:hunter2@h/?key=hunter2",
        &[("authorization", "hunter2", None)],
    );
    request.body = Some(Bytes::from_static(b"hunter2"));
    let shown = format!("{request:?}");
    assert!(
        !shown.contains("hunter2") && shown.contains("authorization"),
        "{shown}"
    );
}
