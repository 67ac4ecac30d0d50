//! What a file says of its picture: its title, what it shows, what made it and from what, in the place that its format has for
//! that. Stamped when the site is put together, so that no cached picture holds a title or a version.

use serde::Deserialize;

/// What of a passport has a place of its own in the formats.
#[derive(Deserialize)]
struct Shown {
    program: String,
    title: String,
    alt: String,
}

/// Under this keyword the whole passport stands in a PNG.
pub const PASSPORT_KEYWORD: &str = "actfn-site passport";

/// The bytes of a picture with its passport, a line of JSON; of an unknown format as they are.
pub fn stamp(picture: &[u8], passport: &str) -> Vec<u8> {
    let passport = &brief(passport.trim_end());
    let shown: Option<Shown> = serde_json::from_str(passport).ok();
    match shown {
        Some(shown) if picture.starts_with(b"\x89PNG") => png(picture, passport, &shown),
        Some(_) if picture.starts_with(b"GIF89a") => gif(picture, passport),
        Some(shown) if picture.starts_with(b"<svg") => svg(picture, passport, &shown),
        _ => picture.to_vec(),
    }
}

/// A long passport, without the list of the cases, which stands in the file beside the picture.
fn brief(passport: &str) -> String {
    const LONG: usize = 4096;
    let parsed = if passport.len() > LONG { serde_json::from_str(passport).ok() } else { None };
    let Some(mut parsed): Option<serde_json::Map<String, serde_json::Value>> = parsed else {
        return passport.to_owned();
    };
    if let Some(cases) = parsed.get_mut("cases") {
        *cases = cases.as_array().map_or(0, Vec::len).into();
    }
    serde_json::to_string(&parsed).unwrap_or_default()
}

/// As chunks of international text behind the header.
fn png(picture: &[u8], passport: &str, shown: &Shown) -> Vec<u8> {
    // The signature, and the header's length, type, data and checksum.
    const HEADER_END: usize = 8 + 4 + 4 + 13 + 4;
    let (header, rest) = picture.split_at(HEADER_END.min(picture.len()));
    let mut stamped = header.to_vec();
    let texts = [("Title", shown.title.as_str()), ("Software", &shown.program), (PASSPORT_KEYWORD, passport)];
    for (keyword, text) in texts {
        // Not compressed, in no language, with no translated keyword.
        let data = [keyword.as_bytes(), b"\0\0\0\0\0", text.as_bytes()].concat();
        let chunk = [b"iTXt".as_slice(), &data].concat();
        stamped.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
        stamped.extend(&chunk);
        stamped.extend(crc32(&chunk).to_be_bytes());
    }
    stamped.extend(rest);
    stamped
}

/// The checksum of PNG's chunks (ISO/IEC 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    let byte = |crc: u32, &byte: &u8| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, byte)
}

/// As a comment before the end.
fn gif(picture: &[u8], passport: &str) -> Vec<u8> {
    const TRAILER: u8 = 0x3b;
    let Some(body) = picture.strip_suffix(&[TRAILER]) else { return picture.to_vec() };
    let mut stamped = body.to_vec();
    stamped.extend([0x21, 0xfe]);
    for block in passport.as_bytes().chunks(255) {
        stamped.extend(u8::try_from(block.len()));
        stamped.extend(block);
    }
    stamped.extend([0, TRAILER]);
    stamped
}

/// As title, description and metadata, the first children of the root.
fn svg(picture: &[u8], passport: &str, shown: &Shown) -> Vec<u8> {
    let at = picture.iter().position(|&byte| byte == b'>').map_or(0, |at| at + 1);
    let (root, rest) = picture.split_at(at);
    let texts = format!(
        "\n<title>{}</title>\n<desc>{}</desc>\n<metadata>{}</metadata>",
        escaped(&shown.title),
        escaped(&shown.alt),
        escaped(passport)
    );
    [root, texts.as_bytes(), rest].concat()
}

/// Text as the content of an XML element; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Canvas, Ink};
    use super::super::gif::Animation;
    use super::super::paper::Paper;
    use super::*;

    const PASSPORT: &str = r#"{"program":"actfn-site 1","title":"Fit <σ>","alt":"a & b","key":"ff"}"#;

    fn canvas() -> Canvas {
        let mut canvas = Canvas::new((20, 10), Paper::LIGHT);
        canvas.disc((10.0, 5.0), 4.0, Ink::solid(200, 30, 60));
        canvas
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_png_reads_back_with_its_texts() {
        let plain = super::super::png::encode(&canvas());
        let stamped = stamp(&plain, PASSPORT);
        let read = |bytes: &[u8]| {
            let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes.to_vec()));
            decoder.set_transformations(::png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut data = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut data).unwrap();
            let texts = reader.info().utf8_text.iter();
            let texts = texts.map(|text| (text.keyword.clone(), text.get_text().unwrap()));
            (data, texts.collect::<Vec<(String, String)>>())
        };
        let (data, texts) = read(&stamped);
        assert_eq!(data, read(&plain).0);
        let text = |keyword: &str, text: &str| (keyword.to_owned(), text.to_owned());
        let expected = [
            text("Title", "Fit <σ>"),
            text("Software", "actfn-site 1"),
            text("actfn-site passport", PASSPORT),
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_gif_still_plays() {
        let mut animation = Animation::new((20, 10), Paper::LIGHT, &[]);
        animation.push(&canvas(), 8);
        let plain = animation.finish();
        let long = PASSPORT.replace("a & b", &"word ".repeat(200));
        let stamped = stamp(&plain, &long);
        let pictures = |bytes: &[u8]| {
            let mut decoder = ::gif::DecodeOptions::new().read_info(bytes).unwrap();
            let mut frames = Vec::new();
            while let Some(frame) = decoder.read_next_frame().unwrap() {
                frames.push(frame.buffer.to_vec());
            }
            frames
        };
        assert_eq!(pictures(&stamped), pictures(&plain));
        assert!(stamped.len() > plain.len() + long.len());
    }

    #[test]
    fn hundreds_of_cases_are_only_counted() {
        let cases = vec![r#"{"case":"a/b"}"#; 400].join(",");
        let long = format!(r#"{{"program":"p","title":"t","alt":"a","cases":[{cases}]}}"#);
        assert_eq!(brief(&long), r#"{"alt":"a","cases":400,"program":"p","title":"t"}"#);
        assert_eq!(brief(PASSPORT), PASSPORT);
    }

    #[test]
    fn an_svg_is_described() {
        let stamped = stamp(b"<svg width=\"1\">\n<rect/></svg>\n", PASSPORT);
        let text = String::from_utf8(stamped).unwrap();
        assert!(text.starts_with(
            "<svg width=\"1\">\n<title>Fit &lt;σ&gt;</title>\n<desc>a &amp; b</desc>\n<metadata>{"
        ));
        assert!(text.ends_with("</metadata>\n<rect/></svg>\n"));
    }

    #[test]
    fn what_cannot_be_stamped_stays() {
        assert_eq!(stamp(b"text", PASSPORT), b"text");
        assert_eq!(stamp(b"\x89PNG", "no passport"), b"\x89PNG");
    }
}
