/* SPDX-License-Identifier: Apache-2.0
 * Characters as letters and marks (gantry/text.h): the canonical pairs of Unicode. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include "base/door/text.h"
#include "gantry/memory.h"

/* For each mark the letters that take it, each followed by the character of both. Syllables of Hangul follow a formula.
 */
static const struct {
    char32_t mark;
    const char32_t *pairs;
} marks[] = {
    /* clang-format off */
    {0x300, U"AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝĒḔēḕŌṐōṑWẀwẁÂẦ"
            U"âầĂẰăằÊỀêềÔỒôồƠỜơờƯỪưừYỲyỳἀἂἁἃἈἊἉἋἐἒ"
            U"ἑἓἘἚἙἛἠἢἡἣἨἪἩἫἰἲἱἳἸἺἹἻὀὂὁὃὈὊὉὋὐὒ"
            U"ὑὓὙὛὠὢὡὣὨὪὩὫαὰεὲηὴιὶοὸυὺωὼΑᾺΕῈΗῊ᾿῍"
            U"ϊῒΙῚ῾῝ϋῢΥῪ¨῭ΟῸΩῺ"},
    {0x301, U"AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻ"
            U"ÆǼæǽØǾøǿ\u0308\u0344¨΅ΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοόυύωώ"
            U"ϒϓГЃКЌгѓкќÇḈçḉĒḖēḗÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕ"
            U"ŨṸũṹWẂwẃÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớƯỨưứἀἄἁἅἈἌ"
            U"ἉἍἐἔἑἕἘἜἙἝἠἤἡἥἨἬἩἭἰἴἱἵἸἼἹἽὀὄὁὅὈὌ"
            U"ὉὍὐὔὑὕὙὝὠὤὡὥὨὬὩὭ᾿῎῾῞"},
    {0x302, U"AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậ"
            U"ẸỆẹệỌỘọộ"},
    {0x303, U"AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡ"
            U"ƯỮưữYỸyỹ"},
    {0x304, U"AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱ"
            U"YȲyȳИӢиӣУӮуӯGḠgḡḶḸḷḹṚṜṛṝαᾱΑᾹιῑΙῙυῡΥῩ"},
    {0x306, U"AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗȨḜȩḝẠẶ"
            U"ạặαᾰΑᾸιῐΙῘυῠΥῨ"},
    {0x307, U"CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗ"
            U"RṘrṙSṠsṡŚṤśṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ"},
    {0x308, U"AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋϒϔЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝ"
            U"ЗӞзӟИӤиӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹHḦhḧÕṎõṏŪṺūṻWẄ"
            U"wẅXẌxẍtẗ"},
    {0x309, U"AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬ"
            U"ưửYỶyỷ"},
    {0x30a, U"AÅaåUŮuůwẘyẙ"},
    {0x30b, U"OŐoőUŰuűУӲуӳ"},
    {0x30c, U"CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧKǨ"
            U"kǩƷǮʒǯjǰHȞhȟ"},
    {0x30f, U"AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕѴѶѵѷ"},
    {0x311, U"AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ"},
    {0x313, U"αἀΑἈεἐΕἘηἠΗἨιἰΙἸοὀΟὈυὐωὠΩὨρῤ"},
    {0x314, U"αἁΑἉεἑΕἙηἡΗἩιἱΙἹοὁΟὉυὑΥὙωὡΩὩρῥΡῬ"},
    {0x31b, U"OƠoơUƯuư"},
    {0x323, U"BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉ"
            U"ZẒzẓAẠaạEẸeẹIỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵ"},
    {0x324, U"UṲuṳ"},
    {0x325, U"AḀaḁ"},
    {0x326, U"SȘsșTȚtț"},
    {0x327, U"CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ"},
    {0x328, U"AĄaąEĘeęIĮiįUŲuųOǪoǫ"},
    {0x32d, U"DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ"},
    {0x32e, U"HḪhḫ"},
    {0x330, U"EḚeḛIḬiḭUṴuṵ"},
    {0x331, U"BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ"},
    {0x338, U"←↚→↛↔↮⇐⇍⇔⇎⇒⇏∃∄∈∉∋∌∣∤∥∦∼≁≃≄≅≇≈≉=≠"
            U"≡≢≍≭<≮>≯≤≰≥≱≲≴≳≵≶≸≷≹≺⊀≻⊁⊂⊄⊃⊅⊆⊈⊇⊉"
            U"⊢⊬⊨⊭⊩⊮⊫⊯≼⋠≽⋡⊑⋢⊒⋣⊲⋪⊳⋫⊴⋬⊵⋭⫝⫝̸"},
    {0x342, U"ἀἆἁἇἈἎἉἏἠἦἡἧἨἮἩἯἰἶἱἷἸἾἹἿὐὖὑὗὙὟὠὦ"
            U"ὡὧὨὮὩὯαᾶ¨῁ηῆ᾿῏ιῖϊῗ῾῟υῦϋῧωῶ"},
    {0x345, U"ἀᾀἁᾁἂᾂἃᾃἄᾄἅᾅἆᾆἇᾇἈᾈἉᾉἊᾊἋᾋἌᾌἍᾍἎᾎἏᾏ"
            U"ἠᾐἡᾑἢᾒἣᾓἤᾔἥᾕἦᾖἧᾗἨᾘἩᾙἪᾚἫᾛἬᾜἭᾝἮᾞἯᾟ"
            U"ὠᾠὡᾡὢᾢὣᾣὤᾤὥᾥὦᾦὧᾧὨᾨὩᾩὪᾪὫᾫὬᾬὭᾭὮᾮὯᾯ"
            U"ὰᾲαᾳάᾴᾶᾷΑᾼὴῂηῃήῄῆῇΗῌὼῲωῳώῴῶῷΩῼ"},
    {0x5b4, U"\u05d9\ufb1d"},
    {0x5b7, U"\u05f2\ufb1f\u05d0\ufb2e"},
    {0x5b8, U"\u05d0\ufb2f"},
    {0x5b9, U"\u05d5\ufb4b"},
    {0x5bc, U"\u05d0\ufb30\u05d1\ufb31\u05d2\ufb32\u05d3\ufb33\u05d4\ufb34\u05d5\ufb35\u05d6\ufb36\u05d8\ufb38"
            U"\u05d9\ufb39\u05da\ufb3a\u05db\ufb3b\u05dc\ufb3c\u05de\ufb3e\u05e0\ufb40\u05e1\ufb41\u05e3\ufb43"
            U"\u05e4\ufb44\u05e6\ufb46\u05e7\ufb47\u05e8\ufb48\u05e9\ufb49\u05ea\ufb4a"},
    {0x5bf, U"\u05d1\ufb4c\u05db\ufb4d\u05e4\ufb4e"},
    {0x5c1, U"\u05e9\ufb2a\ufb49\ufb2c"},
    {0x5c2, U"\u05e9\ufb2b\ufb49\ufb2d"},
    {0x653, U"\u0627\u0622"},
    {0x654, U"\u0627\u0623\u0648\u0624\u064a\u0626\u06d5\u06c0\u06c1\u06c2\u06d2\u06d3"},
    {0x655, U"\u0627\u0625"},
    {0x93c, U"नऩरऱळऴकक़खख़गग़जज़डड़ढढ़फफ़यय़"},
    {0x9bc, U"ডড়ঢঢ়যয়"},
    {0x9be, U"\u09c7\u09cb"},
    {0x9d7, U"\u09c7\u09cc"},
    {0xa3c, U"ਲਲ਼ਸਸ਼ਖਖ਼ਗਗ਼ਜਜ਼ਫਫ਼"},
    {0xb3c, U"ଡଡ଼ଢଢ଼"},
    {0xb3e, U"\u0b47\u0b4b"},
    {0xb56, U"\u0b47\u0b48"},
    {0xb57, U"\u0b47\u0b4c"},
    {0xbbe, U"\u0bc6\u0bca\u0bc7\u0bcb"},
    {0xbd7, U"ஒஔ\u0bc6\u0bcc"},
    {0xc56, U"\u0c46\u0c48"},
    {0xcc2, U"\u0cc6\u0cca"},
    {0xcd5, U"\u0cbf\u0cc0\u0cc6\u0cc7\u0cca\u0ccb"},
    {0xcd6, U"\u0cc6\u0cc8"},
    {0xd3e, U"\u0d46\u0d4a\u0d47\u0d4b"},
    {0xd57, U"\u0d46\u0d4c"},
    {0xdca, U"\u0dd9\u0dda\u0ddc\u0ddd"},
    {0xdcf, U"\u0dd9\u0ddc"},
    {0xddf, U"\u0dd9\u0dde"},
    {0xf72, U"\u0f71\u0f73"},
    {0xf74, U"\u0f71\u0f75"},
    {0xf80, U"\u0fb2\u0f76\u0fb3\u0f78\u0f71\u0f81"},
    {0xfb5, U"ཀཀྵ\u0f90\u0fb9"},
    {0xfb7, U"གགྷཌཌྷདདྷབབྷཛཛྷ\u0f92\u0f93\u0f9c\u0f9d\u0fa1\u0fa2\u0fa6\u0fa7\u0fab\u0fac"},
    {0x102e, U"ဥဦ"},
    {0x1b35, U"ᬅᬆᬇᬈᬉᬊᬋᬌᬍᬎᬑᬒ\u1b3a\u1b3b\u1b3c\u1b3d\u1b3e\u1b40\u1b3f\u1b41\u1b42\u1b43"},
    {0x3099, U"かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはば"
            U"ひびふぶへべほぼうゔゝゞカガキギクグケゲコゴサザシジスズセゼソゾ"
            U"タダチヂツヅテデトドハバヒビフブヘベホボウヴワヷヰヸヱヹヲヺヽヾ"},
    {0x309a, U"はぱひぴふぷへぺほぽハパヒピフプヘペホポ"},
    {0x110ba, U"\U00011099\U0001109a\U0001109b\U0001109c\U000110a5\U000110ab"},
    {0x11127, U"\U00011131\U0001112e\U00011132\U0001112f"},
    {0x1133e, U"\U00011347\U0001134b"},
    {0x11357, U"\U00011347\U0001134c"},
    {0x114b0, U"\U000114b9\U000114bc"},
    {0x114ba, U"\U000114b9\U000114bb"},
    {0x114bd, U"\U000114b9\U000114be"},
    {0x115af, U"\U000115b8\U000115ba\U000115b9\U000115bb"},
    {0x11930, U"\U00011935\U00011938"},
    {0x1d165, U"\U0001d157\U0001d15e\U0001d158\U0001d15f\U0001d1b9\U0001d1bb\U0001d1ba\U0001d1bc"},
    {0x1d16e, U"\U0001d15f\U0001d160\U0001d1bb\U0001d1bd\U0001d1bc\U0001d1be"},
    {0x1d16f, U"\U0001d15f\U0001d161\U0001d1bb\U0001d1bf\U0001d1bc\U0001d1c0"},
    {0x1d170, U"\U0001d15f\U0001d162"},
    {0x1d171, U"\U0001d15f\U0001d163"},
    {0x1d172, U"\U0001d15f\U0001d164"},
    /* clang-format on */
};

enum {
    SYLLABLES = 0xac00,
    SYLLABLES_END = 0xd7a4,
    LEADING = 0x1100,
    VOWELS = 0x1161,
    TRAILING = 0x11a7,
    OF_VOWEL = 28,
    OF_LEADING = 28 * 21,
    PARTS_MOST = 4,
};

/* False: the character has no parts. */
static bool parts_of(uint32_t code, uint32_t part[2]) {
    if (code >= SYLLABLES && code < SYLLABLES_END) {
        uint32_t s = code - SYLLABLES, last = s % OF_VOWEL;
        part[0] = last ? code - last : LEADING + s / OF_LEADING;
        part[1] = last ? TRAILING + last : VOWELS + s % OF_LEADING / OF_VOWEL;
        return true;
    }
    for (size_t i = 0; code >= 0xc0 && i < sizeof marks / sizeof *marks; i++)
        for (const char32_t *p = marks[i].pairs; *p; p += 2) {
            if (p[1] != code) continue;
            part[0] = *p;
            part[1] = marks[i].mark;
            return true;
        }
    return false;
}

char *gt_text_put_code(char *to, uint32_t code) {
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)(more ? (0xff00 >> (more + 1) & 0xff) | code >> 6 * more : code);
    while (more--) *to++ = (char)(0x80 | (code >> 6 * more & 0x3f));
    return to;
}

static char *put_apart(char *to, uint32_t code) {
    uint32_t part[2];
    if (!parts_of(code, part)) return gt_text_put_code(to, code);
    return gt_text_put_code(put_apart(to, part[0]), part[1]); /* the mark has no parts itself */
}

/* The text is UTF-8. */
static const char *take_code(const char *at, uint32_t *code) {
    unsigned char first = (unsigned char)*at++;
    *code = first < 0x80 ? first : first < 0xe0 ? first & 0x1f : first < 0xf0 ? first & 0xf : first & 7;
    while (((unsigned char)*at & 0xc0) == 0x80) *code = *code << 6 | ((unsigned char)*at++ & 0x3f);
    return at;
}

gt_status gt_text_apart(const char *text, char **out) {
    GT_FREED char *utf8 = NULL;
    const char *from;
    size_t n;
    *out = NULL;
    gt_status st = gt_text_to_utf8(text, strlen(text), &utf8, &n, &from);
    if (st) return st;
    /* of a character of two bytes or more, at most so many parts of at most four bytes */
    char *to = *out = malloc(n * (4 * PARTS_MOST / 2) + 1);
    uint32_t code;
    for (const char *at = utf8; to && *at;) {
        at = take_code(at, &code);
        to = put_apart(to, code);
    }
    if (to) *to = 0;
    return to ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a name");
}
