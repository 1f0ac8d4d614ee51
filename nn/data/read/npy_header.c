/* The header of a .npy file: a magic text, a version, a length, and a dict as Python writes it, of which exactly three keys are
   read. */
#include <stdio.h>
#include <string.h>

#include "npy.h"
#include "wengert/error.h"

enum { MAX_HEADER = 1 << 16, DESCR = 1, FORTRAN_ORDER = 2, SHAPE = 4 };

struct word {
    const char *text;
    size_t n;
};

/* ---- tokens: h is a cursor that ends with the header ---- */

static void skip_spaces(struct cursor *h)
{
    while (h->at < h->size && h->bytes[h->at] == ' ')
        h->at++;
}

/* Passes one character, and spaces before it, if it is there. */
static bool accept(struct cursor *h, char character)
{
    skip_spaces(h);
    const bool there = h->at < h->size && h->bytes[h->at] == (unsigned char)character;
    h->at += there;
    return there;
}

static wg_status expect(struct cursor *h, char character)
{
    return accept(h, character) ? WG_OK : cursor_wrong(h, h->at, "expected \"%c\" in the header", character);
}

/* A text in quotes, without escapes. */
static wg_status read_text(struct cursor *h, struct word *word)
{
    skip_spaces(h);
    const char quote = h->at < h->size ? (char)h->bytes[h->at] : 0;
    if (quote != '\'' && quote != '"')
        return cursor_wrong(h, h->at, "expected a text in quotes in the header");
    const char *begin = (const char *)h->bytes + h->at + 1;
    const char *end = memchr(begin, quote, h->size - h->at - 1);
    if (!end || memchr(begin, '\\', (size_t)(end - begin)))
        return cursor_wrong(h, h->at, "expected a text without escapes, which ends, in the header");
    *word = (struct word){begin, (size_t)(end - begin)};
    h->at += word->n + 2;
    return WG_OK;
}

static bool is(struct word word, const char *text)
{
    return strlen(text) == word.n && memcmp(text, word.text, word.n) == 0;
}

/* ---- values ---- */

/* "<f4": the byte order, the kind, the size. The codes that have a counterpart. */
static bool find_type(struct word word, struct element_type *type)
{
    static const char codes[][3] = {
        [FILE_BOOL] = "b1", [FILE_U8] = "u1",  [FILE_I8] = "i1",  [FILE_I16] = "i2", [FILE_U16] = "u2", [FILE_I32] = "i4",
        [FILE_U32] = "u4",  [FILE_I64] = "i8", [FILE_F16] = "f2", [FILE_F32] = "f4", [FILE_F64] = "f8",
    };
    const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (word.n != 3 || !strchr("<>|=", word.text[0]))
        return false;
    type->swapped = word.text[0] == (little ? '>' : '<');
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i][0] && memcmp(codes[i], word.text + 1, 2) == 0) {
            type->dtype = (enum file_dtype)i;
            return true;
        }
    return false;
}

static wg_status read_type(struct cursor *h, struct npy *npy, bool *is_u64)
{
    struct word word;
    skip_spaces(h);
    const size_t at = h->at;
    if (at < h->size && h->bytes[at] == '[')
        return cursor_wrong_as(WG_E_DTYPE, h, at, "a structured dtype has no counterpart here");
    WG_TRY(read_text(h, &word));
    char shown[13];
    size_t n = 0;
    for (; n < word.n && n + 1 < sizeof shown; n++)
        shown[n] = word.text[n] >= ' ' && word.text[n] <= '~' ? word.text[n] : '?';
    shown[n] = 0;
    const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    *is_u64 = word.n == 3 && memcmp(word.text + 1, "u8", 2) == 0 && strchr("<>|=", word.text[0]);
    if (*is_u64) /* as I64, when no element is larger */
        npy->type = (struct element_type){FILE_I64, .swapped = word.text[0] == (little ? '>' : '<')};
    else if (!find_type(word, &npy->type))
        return cursor_wrong_as(WG_E_DTYPE, h, at, "the dtype \"%s\" has no counterpart here", shown);
    return WG_OK;
}

static wg_status read_order(struct cursor *h, struct npy *npy)
{
    skip_spaces(h);
    const size_t left = h->size - h->at;
    npy->fortran = left >= 4 && memcmp(h->bytes + h->at, "True", 4) == 0;
    if (!npy->fortran && (left < 5 || memcmp(h->bytes + h->at, "False", 5) != 0))
        return cursor_wrong(h, h->at, "expected True or False");
    h->at += npy->fortran ? 4 : 5;
    return WG_OK;
}

static wg_status read_extent(struct cursor *h, int64_t *extent)
{
    skip_spaces(h);
    const size_t begin = h->at;
    for (*extent = 0; h->at < h->size && h->bytes[h->at] >= '0' && h->bytes[h->at] <= '9'; h->at++)
        if (__builtin_mul_overflow(*extent, 10, extent) || __builtin_add_overflow(*extent, h->bytes[h->at] - '0', extent))
            return cursor_wrong(h, begin, "an extent beyond 63 bits");
    if (h->at == begin || (h->bytes[begin] == '0' && h->at > begin + 1))
        return cursor_wrong(h, begin, "expected an extent, a whole number");
    return WG_OK;
}

/* (), (2,), (2, 3). */
static wg_status read_shape(struct cursor *h, struct npy *npy)
{
    bool comma = true;
    npy->shape = (wg_shape){.rank = 0};
    WG_TRY(expect(h, '('));
    while (!accept(h, ')')) {
        if (!comma)
            return cursor_wrong(h, h->at, "expected \",\" in the shape");
        if (npy->shape.rank == WG_MAX_RANK)
            return cursor_wrong(h, h->at, "a shape of more than %d axes", WG_MAX_RANK);
        WG_TRY(read_extent(h, &npy->shape.extent[npy->shape.rank++]));
        comma = accept(h, ',');
    }
    return npy->shape.rank == 1 && !comma ? cursor_wrong(h, h->at - 1, "expected a tuple, which has a comma, in the shape") : WG_OK;
}

/* ---- the whole ---- */

/* A key, which *seen gets, and its value. */
static wg_status read_item(struct cursor *h, struct npy *npy, int *seen, bool *is_u64)
{
    struct word key;
    skip_spaces(h);
    const size_t at = h->at;
    WG_TRY(read_text(h, &key));
    const int bit = is(key, "descr") ? DESCR : is(key, "fortran_order") ? FORTRAN_ORDER : is(key, "shape") ? SHAPE : 0;
    if (!bit || *seen & bit)
        return cursor_wrong(h, at, "expected descr, fortran_order and shape in the header, each once, and nothing else");
    *seen |= bit;
    WG_TRY(expect(h, ':'));
    return bit == DESCR ? read_type(h, npy, is_u64) : bit == SHAPE ? read_shape(h, npy) : read_order(h, npy);
}

static wg_status read_dict(struct cursor *h, struct npy *npy, bool *is_u64)
{
    int seen = 0;
    bool comma = true;
    WG_TRY(expect(h, '{'));
    while (!accept(h, '}')) {
        if (!comma)
            return cursor_wrong(h, h->at, "expected \",\" or \"}\" in the header");
        WG_TRY(read_item(h, npy, &seen, is_u64));
        comma = accept(h, ',');
    }
    if (seen != (DESCR | FORTRAN_ORDER | SHAPE))
        return cursor_wrong(h, h->at, "expected descr, fortran_order and shape in the header, each once, and nothing else");
    skip_spaces(h);
    return h->at + 1 == h->size && h->bytes[h->at] == '\n'
               ? WG_OK
               : cursor_wrong(h, h->at, "expected spaces and a newline behind the dict");
}

/* The magic text, the version and the length; *end: of the header. */
static wg_status read_preamble(struct cursor *c, size_t *end)
{
    const unsigned char *bytes;
    const size_t start = c->at;
    WG_TRY(cursor_take(c, 8, "a .npy header", &bytes));
    if (memcmp(bytes, "\x93NUMPY", 6) != 0)
        return cursor_wrong(c, start, "expected a .npy file, which begins with \\x93NUMPY");
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return cursor_wrong(c, start + 6, "expected the version 1.0, 2.0 or 3.0, got %d.%d", bytes[6], bytes[7]);
    const size_t width = bytes[6] == 1 ? 2 : 4;
    WG_TRY(cursor_take(c, width, "the header's length", &bytes));
    const uint64_t length = little_endian(bytes, width);
    if (length > MAX_HEADER)
        return cursor_wrong(c, c->at - width, "a header of %llu bytes, above the limit of %d", (unsigned long long)length,
                            MAX_HEADER);
    if (length > c->size - c->at)
        return cursor_wrong(c, c->at, "expected %llu bytes of header, got %zu", (unsigned long long)length, c->size - c->at);
    *end = c->at + (size_t)length;
    return WG_OK;
}

/* BOOL is 0 or 1, and what was unsigned fits in i64. */
static wg_status check_elements(const struct cursor *c, const struct npy *npy, bool is_u64)
{
    const size_t at = (size_t)(npy->elements - c->bytes);
    for (int64_t i = 0; i < npy->numel && npy->type.dtype == FILE_BOOL; i++)
        if (npy->elements[i] > 1)
            return cursor_wrong(c, at + (size_t)i, "expected 0 or 1, a bool, got %d", npy->elements[i]);
    const size_t high = npy->type.swapped == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) ? 0
                                                                                         : 7; /* the byte with the highest bit */
    for (int64_t i = 0; i < npy->numel && is_u64; i++)
        if (npy->elements[8 * i + (int64_t)high] & 0x80)
            return cursor_wrong_as(WG_E_DTYPE, c, at + 8 * (size_t)i, "element %lld, of dtype u8, is beyond i64's 63 bits",
                                   (long long)i);
    return WG_OK;
}

wg_status npy_check(struct cursor *c, struct npy *npy)
{
    size_t bytes;
    bool is_u64 = false;
    struct cursor h = *c;
    *npy = (struct npy){.numel = 0};
    WG_TRY(read_preamble(&h, &h.size));
    WG_TRY(read_dict(&h, npy, &is_u64));
    c->at = h.size;
    if (!checked_bytes(&npy->shape, file_dtype_size(npy->type.dtype), &bytes))
        return cursor_wrong(c, c->at, "the product of the extents is beyond 63 bits");
    npy->numel = (int64_t)(bytes / file_dtype_size(npy->type.dtype));
    WG_TRY(cursor_take(c, bytes, "elements", &npy->elements));
    WG_TRY(check_elements(c, npy, is_u64));
    return cursor_end(c);
}

size_t npy_header(const wg_tensor *t, char header[NPY_MAX_HEADER])
{
    static const char *const codes[] = {[WG_F32] = "f4", [WG_F64] = "f8", [WG_I64] = "i8", [WG_U8] = "u1"};
    const wg_dtype dtype = wg_dtype_of(t);
    const char order = dtype == WG_U8 ? '|' : __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    int n = snprintf(header + 10, NPY_MAX_HEADER - 10, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order, codes[dtype]);
    for (int i = 0; i < wg_rank(t); i++)
        n += snprintf(header + 10 + n, NPY_MAX_HEADER - 10 - (size_t)n, "%s%lld%s", i ? " " : "", (long long)wg_extent(t, i),
                      i + 1 < wg_rank(t) || i == 0 ? "," : "");
    n += snprintf(header + 10 + n, NPY_MAX_HEADER - 10 - (size_t)n, "), }");
    const size_t whole = (10 + (size_t)n + 1 + 63) / 64 * 64;
    memset(header + 10 + n, ' ', whole - 10 - (size_t)n);
    header[whole - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((whole - 10) & 255);
    header[9] = (char)((whole - 10) >> 8);
    return whole;
}
