//! Name parts to combine. Common given and family names of many languages, so that every combination is invented
//! and every way of writing reaches the screen.

/// A language's name parts.
pub(super) struct Culture {
    /// Its name in English, as a preferred language.
    pub language: &'static str,
    /// How often it is drawn, against the sum of all.
    pub weight: u64,
    /// Given names of women.
    pub women: &'static [&'static str],
    /// Given names of men.
    pub men: &'static [&'static str],
    /// Family names.
    pub families: &'static [&'static str],
}

const fn culture(
    language: &'static str,
    weight: u64,
    women: &'static [&'static str],
    men: &'static [&'static str],
    families: &'static [&'static str],
) -> Culture {
    Culture { language, weight, women, men, families }
}

/// All cultures; the first people of a world take one each in this order.
#[rustfmt::skip]
pub(super) const CULTURES: &[Culture] = &[
    culture("English", 34,
        &["Ada", "Maud", "Ivy", "Hazel", "Nora", "Ruth", "June", "Edith", "Pearl", "Winnie", "Tess", "Olive", "Bea"],
        &["Cyril", "Hugh", "Amos", "Silas", "Otis", "Ned", "Walt", "Gus", "Percy", "Ralph", "Jasper", "Theo", "Abel"],
        &["Thornfield", "Marlowe", "Ashby", "Pemberton", "Lockwood", "Quill", "Hartnell", "Fairweather", "Oakes",
          "Dunmore", "Wexley", "Brackenbury", "Stonehouse", "Tillery", "Varley", "Whitlock", "O'Dwyer", "Mac Giolla"]),
    culture("Arabic", 4, &["ليلى", "سلمى", "نور", "هدى"], &["يوسف", "كريم", "سامي", "طارق"], &["الخطيب", "النجار", "الحداد", "بن سليمان"]),
    culture("Ukrainian", 4, &["Оксана", "Марічка", "Соломія"], &["Тарас", "Богдан", "Ярослав"], &["Ковальчук", "Шевчук", "Мельниченко", "Гайдамака"]),
    culture("Chinese", 5, &["雪梅", "静怡", "晓燕"], &["建国", "子轩", "文涛"], &["欧阳", "王", "李", "诸葛", "陈"]),
    culture("Hebrew", 3, &["תמר", "נועה", "שירה"], &["אורי", "איתן", "גדעון"], &["לביא", "בן־צור", "גולדשטיין", "אלמוג"]),
    culture("Hindi", 4, &["प्रिया", "अनन्या", "क्षमा"], &["विक्रम", "अर्जुन", "हृषीकेश"], &["शर्मा", "चतुर्वेदी", "त्रिपाठी", "मिश्रा"]),
    culture("Greek", 3, &["Ελένη", "Καλλιόπη", "Δέσποινα"], &["Γιώργος", "Θανάσης", "Μιλτιάδης"], &["Παπαδόπουλος", "Καραγιάννης", "Οικονόμου"]),
    culture("Japanese", 4, &["さくら", "美咲", "陽子"], &["大輔", "翔太", "健一郎"], &["小早川", "佐々木", "長谷川", "渡邉"]),
    culture("Polish", 4, &["Małgorzata", "Żaneta", "Świętosława"], &["Łukasz", "Wojciech", "Świętopełk"], &["Źdźbło", "Wójcik", "Brzęczyszczykiewicz", "Śledź"]),
    culture("Korean", 3, &["지우", "서연", "하늘"], &["민준", "도윤", "현우"], &["김", "남궁", "박", "황보"]),
    culture("Vietnamese", 3, &["Thị Hường", "Ngọc Ánh", "Thùy Dương"], &["Văn Tuấn", "Đình Lộc", "Quốc Bảo"], &["Nguyễn", "Trần", "Phạm", "Đặng"]),
    culture("Persian", 3, &["مه‌ناز", "شیرین", "پری‌سا"], &["کیان", "فرهاد", "داریوش"], &["کریمی‌نژاد", "یزدانی", "شاه‌محمدی"]),
    culture("Thai", 2, &["กัลยา", "ดวงใจ", "น้ำฝน"], &["สมชาย", "ธนพล", "วีระ"], &["ศรีสุวรรณ", "ทองดีเลิศ", "วงศ์สวัสดิ์"]),
    culture("Turkish", 3, &["Çiğdem", "Gülşah", "İpek"], &["Işık", "Ümit", "Oğuz"], &["Yıldırım", "Öztürk", "Şahinoğlu"]),
    culture("Tamil", 2, &["மீனாட்சி", "கயல்விழி"], &["செந்தில்", "கார்த்திகேயன்"], &["சுப்பிரமணியன்", "ராஜேந்திரன்"]),
    culture("Icelandic", 2, &["Þórdís", "Guðrún", "Æsa"], &["Sigurður", "Þorvaldur", "Örn"], &["Hallgrímsdóttir", "Ásgeirsson", "Þórðarson"]),
    culture("Portuguese", 4, &["Conceição", "Inês", "Graça"], &["João", "Estêvão", "Simão"], &["Gonçalves de Araújo", "Magalhães", "Brandão"]),
    culture("Amharic", 2, &["ሰላማዊት", "ትዕግሥት"], &["ተስፋዬ", "ዳዊት"], &["ገብረማርያም", "ወልደሚካኤል"]),
    culture("Spanish", 6, &["Begoña", "Itziar", "Lucía"], &["Íñigo", "Andrés", "Ramón"], &["Ibáñez Muñoz", "Peñalver", "Argüelles"]),
    culture("German", 3, &["Käthe", "Grete", "Ursel"], &["Jürgen", "Götz", "Veit"], &["Weißmüller", "von der Höhe", "Grünschloß"]),
    culture("Czech", 2, &["Růžena", "Božena"], &["Jiří", "Řehoř"], &["Dvořáčková", "Příhoda", "Čtvrtníček"]),
    culture("Armenian", 1, &["Անահիտ", "Շուշան"], &["Տիգրան", "Վարդան"], &["Պետրոսյան", "Հովհաննիսյան"]),
    culture("Georgian", 1, &["ქეთევან", "ნინო"], &["გიორგი", "ლევან"], &["ჩხეიძე", "მამარდაშვილი"]),
];

/// People whose names break careless programs: `(woman, given, middle, family, language)`. The first two share their name.
#[rustfmt::skip]
pub(super) const SPECIAL: &[(bool, &str, &str, &str, &str)] = &[
    (true, "Imogen", "", "Castellane", "English"),
    (true, "Imogen", "", "Castellane", "English"),
    (true, "Maximiliane-Henriette", "Wilhelmine Adelgunde", "Freifrau von und zu Großdrachenfels-Oberhollerbach auf Niederwasserschlößchen", "German"),
    (false, "Ng", "", "O", "English"),
    (false, "Jose\u{301}", "", "Nun\u{303}ez-Bru\u{308}ck", "Spanish"),
    (true, "D'Arcy", "", "O’Shaughnessy-Þorvaldsdóttir", "English"),
    (false, "אברהם־יצחק", "מנחם", "בן־שושן הלוי", "Hebrew"),
    (true, "عائشة الرحمانية", "بنت عبد القادر", "آل عبد المطّلب الهاشمي", "Arabic"),
    (false, "Σωκράτης", "", "Παπαχριστοδουλόπουλος", "Greek"),
    (true, "𠮷乃", "", "髙橋", "Japanese"),
];

/// Streets of the invented town.
pub(super) const STREETS: &[&str] =
    &["Lantern Street", "Old Mill Road", "Harbour Lane", "Juniper Way", "Signal Hill", "Ferry Row", "Orchard Terrace"];

/// Why people come.
pub(super) const REASONS: &[&str] = &[
    "headache",
    "cough",
    "follow-up",
    "rash",
    "medication review",
    "back pain",
    "blood pressure check",
    "sore throat",
    "sleep problems",
    "test results",
    "dizziness",
    "vaccination question",
    "knee pain",
    "referral",
    "anxiety",
];
