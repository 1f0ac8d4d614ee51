/* Reads the header of a safetensors file. Everything is checked before it is believed: keys, dtypes, shapes, products, places. */
#include "header.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"

/* ---- dtypes ---- */

static const struct {
    const char *name;
    size_t size;
    wg_dtype here;
} dtypes[FILE_DTYPES] = {
    [FILE_BOOL] = {"BOOL", 1, WG_U8},  [FILE_U8] = {"U8", 1, WG_U8},    [FILE_I8] = {"I8", 1, WG_I64},
    [FILE_I16] = {"I16", 2, WG_I64},   [FILE_U16] = {"U16", 2, WG_I64}, [FILE_I32] = {"I32", 4, WG_I64},
    [FILE_U32] = {"U32", 4, WG_I64},   [FILE_I64] = {"I64", 8, WG_I64}, [FILE_F16] = {"F16", 2, WG_F32},
    [FILE_BF16] = {"BF16", 2, WG_F32}, [FILE_F32] = {"F32", 4, WG_F32}, [FILE_F64] = {"F64", 8, WG_F64},
};

const char *file_dtype_name(enum file_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t file_dtype_size(enum file_dtype dtype)
{
    return dtypes[dtype].size;
}

wg_dtype file_dtype_here(enum file_dtype dtype)
{
    return dtypes[dtype].here;
}

#ifdef WG_JANSSON
#include <jansson.h>

/* ---- one entry ---- */

struct reading {
    const char *where, *op;
    uint64_t data;
};

static wg_status wrong(const struct reading *r, const char *name, const char *what)
{
    return wg_error_set(WG_E_IO, r->op, "%s: %s: \"%.80s\": %s", r->op, r->where, name, what);
}

static wg_status read_dtype(const struct reading *r, const char *name, const json_t *value, struct file_entry *entry)
{
    const char *text = json_string_value(value);
    if (!text)
        return wrong(r, name, "expected a dtype, a text");
    for (int i = 0; i < FILE_DTYPES; i++)
        if (strcmp(dtypes[i].name, text) == 0) {
            entry->dtype = (enum file_dtype)i;
            return WG_OK;
        }
    return wg_error_set(WG_E_DTYPE, r->op, "%s: %s: \"%.80s\": the dtype %.20s has no counterpart here", r->op, r->where, name,
                        text);
}

/* A whole number of at least 0. */
static bool read_size(const json_t *value, int64_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *size = json_integer_value(value);
    return true;
}

static wg_status read_shape(const struct reading *r, const char *name, const json_t *value, struct file_entry *entry)
{
    if (!json_is_array(value))
        return wrong(r, name, "expected a shape, a list");
    if (json_array_size(value) > WG_MAX_RANK)
        return wrong(r, name, "a shape of more than 8 axes");
    entry->shape = (wg_shape){.rank = (int)json_array_size(value)};
    entry->numel = 1;
    for (int i = 0; i < entry->shape.rank; i++) {
        if (!read_size(json_array_get(value, (size_t)i), &entry->shape.extent[i]))
            return wrong(r, name, "expected extents that are whole numbers of at least 0");
        if (__builtin_mul_overflow(entry->numel, entry->shape.extent[i], &entry->numel))
            return wrong(r, name, "the product of its extents is beyond 64 bits");
    }
    return WG_OK;
}

static wg_status read_place(const struct reading *r, const char *name, const json_t *value, struct file_entry *entry)
{
    int64_t begin, end, size;
    if (!json_is_array(value) || json_array_size(value) != 2 || !read_size(json_array_get(value, 0), &begin) ||
        !read_size(json_array_get(value, 1), &end))
        return wrong(r, name, "expected data_offsets, two whole numbers of at least 0");
    if (end < begin || (uint64_t)end > r->data)
        return wrong(r, name, "its data_offsets lie outside the file");
    if (__builtin_mul_overflow(entry->numel, (int64_t)dtypes[entry->dtype].size, &size) || size != end - begin)
        return wrong(r, name, "its data_offsets do not fit its shape and dtype");
    entry->begin = (uint64_t)begin;
    entry->end = (uint64_t)end;
    return WG_OK;
}

static wg_status read_entry(const struct reading *r, const char *name, const json_t *value, struct file_entry *entry)
{
    if (!json_is_object(value))
        return wrong(r, name, "expected an object");
    if (json_object_size(value) != 3)
        return wrong(r, name, "expected dtype, shape and data_offsets, and nothing else");
    entry->name = name;
    WG_TRY(read_dtype(r, name, json_object_get(value, "dtype"), entry));
    WG_TRY(read_shape(r, name, json_object_get(value, "shape"), entry));
    return read_place(r, name, json_object_get(value, "data_offsets"), entry);
}

/* ---- all of them ---- */

static int by_place(const void *a, const void *b)
{
    const struct file_entry *x = a, *y = b;
    if (x->begin != y->begin)
        return (x->begin > y->begin) - (x->begin < y->begin);
    return (x->end > y->end) - (x->end < y->end);
}

/* One tensor follows the other from the first byte to the last: no gaps, no overlaps, nothing behind. */
static wg_status check_places(const struct reading *r, struct file_header *header)
{
    uint64_t at = 0;
    if (header->n > 0)
        qsort(header->entry, header->n, sizeof *header->entry, by_place);
    for (size_t i = 0; i < header->n; i++) {
        if (header->entry[i].begin != at)
            return wrong(r, header->entry[i].name, "its data do not begin where those before end");
        at = header->entry[i].end;
    }
    if (at != r->data)
        return wg_error_set(WG_E_IO, r->op, "%s: %s: %llu bytes of data, and the tensors are %llu", r->op, r->where,
                            (unsigned long long)r->data, (unsigned long long)at);
    return WG_OK;
}

static wg_status check_texts(const struct reading *r, const json_t *texts)
{
    const char *key;
    json_t *value;
    if (texts && !json_is_object(texts))
        return wrong(r, "__metadata__", "expected an object");
    json_object_foreach((json_t *)(uintptr_t)texts, key, value) if (!json_is_string(value)) return wrong(r, "__metadata__",
                                                                                                         "expected texts only");
    return WG_OK;
}

static wg_status read_entries(const struct reading *r, struct file_header *header)
{
    const char *name;
    json_t *value;
    header->entry = calloc(json_object_size(header->json) + 1, sizeof *header->entry);
    if (!header->entry)
        return wg_error_set(WG_E_MEMORY, r->op, "%s: out of memory", r->op);
    json_object_foreach(header->json, name, value)
    {
        if (strcmp(name, "__metadata__") == 0)
            WG_TRY(check_texts(r, value));
        else
            WG_TRY(read_entry(r, name, value, &header->entry[header->n++]));
    }
    return check_places(r, header);
}

/* What a look at the text, before it is parsed into objects, which are larger than it, says. */
struct outline {
    bool plausible; /* nested as deep as a header is, no list longer than a shape, no number that is longer than any place */
    size_t bytes;   /* of all strings, in UTF-8 */
};

/* The bytes in UTF-8 of the escape sequence at text[*i], a backslash; *i becomes the place of its last byte. */
static size_t escaped_bytes(const char *text, size_t n, size_t *i)
{
    char digits[5] = "";
    if (*i + 5 >= n || text[*i + 1] != 'u') {
        ++*i;
        return 1;
    }
    memcpy(digits, text + *i + 2, 4);
    const long code = strtol(digits, NULL, 16);
    *i += 5;
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3; /* two surrogates make one of 4 bytes */
}

static struct outline outline_of(const char *text, size_t n)
{
    struct outline o = {.plausible = true};
    int depth = 0, commas = 0, digits = 0;
    bool quoted = false;
    for (size_t i = 0; i < n && o.plausible; i++) {
        const char c = text[i];
        digits = !quoted && c >= '0' && c <= '9' ? digits + 1 : 0;
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            o.bytes += c == '\\' ? escaped_bytes(text, n, &i) : 1;
        else if (c == '{' || c == '[')
            depth++, commas = c == '[' ? 0 : INT_MIN;
        else if (c == '}' || c == ']')
            depth--, commas = INT_MIN;
        else if (c == ',')
            commas++;
        o.plausible = depth <= 3 && commas < WG_MAX_RANK && digits <= 19;
    }
    return o;
}

/* The bytes of all keys and strings in a value. It calls itself as deep as the text is nested, 3 times at most. */
static size_t string_bytes(json_t *value)
{
    size_t sum = json_string_length(value), i;
    const char *key;
    json_t *inner;
    json_object_foreach(value, key, inner)
    {
        sum += strlen(key) + string_bytes(inner);
    }
    json_array_foreach(value, i, inner)
    {
        sum += string_bytes(inner);
    }
    return sum;
}

/* jansson leaves out characters for which it gets no memory, and says nothing of it: they are counted. */
static wg_status parse_text(struct file_header *header, const char *text, size_t n, size_t bytes, const char *where, const char *op)
{
    json_error_t error;
    errno = 0;
    header->json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!header->json && errno != ENOMEM && json_error_code(&error) != json_error_out_of_memory && error.text[0])
        return wg_error_set(WG_E_IO, op, "%s: %s: byte %d of the header: %s", op, where, error.position, error.text);
    if (header->json && string_bytes(header->json) == bytes)
        return WG_OK;
    file_header_end(header);
    return wg_error_set(WG_E_MEMORY, op, "%s: %s: out of memory", op, where);
}

wg_status file_header_parse(struct file_header *header, const char *text, size_t n, uint64_t data, const char *where,
                            const char *op)
{
    const struct reading r = {where, op, data};
    *header = (struct file_header){.n = 0};
    if (n == 0 || text[0] != '{')
        return wg_error_set(WG_E_IO, op, "%s: %s: expected a header that begins with {", op, where);
    const struct outline outline = outline_of(text, n);
    if (!outline.plausible)
        return wg_error_set(
            WG_E_IO, op, "%s: %s: the header is nested too deeply, or has a list of more than 8 numbers, or a number of 20 digits",
            op, where);
    WG_TRY(parse_text(header, text, n, outline.bytes, where, op));
    const wg_status status = json_is_object(header->json)
                                 ? read_entries(&r, header)
                                 : wg_error_set(WG_E_IO, op, "%s: %s: expected a header that is an object", op, where);
    if (status != WG_OK)
        file_header_end(header);
    return status;
}

void file_header_end(struct file_header *header)
{
    json_decref(header->json);
    free(header->entry);
    *header = (struct file_header){.n = 0};
}

const char *file_header_text(const struct file_header *header, const char *key)
{
    return json_string_value(json_object_get(json_object_get(header->json, "__metadata__"), key));
}

#else

wg_status file_header_parse(struct file_header *header, const char *text, size_t n, uint64_t data, const char *where,
                            const char *op)
{
    (void)text, (void)n, (void)data;
    *header = (struct file_header){.n = 0};
    return wg_error_set(WG_E_STATE, op, "%s: %s: this library was built without jansson, which reads the headers of model files",
                        op, where);
}

void file_header_end(struct file_header *header)
{
    *header = (struct file_header){.n = 0};
}

const char *file_header_text(const struct file_header *header, const char *key)
{
    (void)header, (void)key;
    return NULL;
}
#endif

/* ---- elements ---- */

static float from_f16(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = (half >> 10) & 31u, fraction = half & 1023u;
    uint32_t bits = sign | ((exponent + 112) << 23) | (fraction << 13);
    float value;
    if (exponent == 31)
        bits = sign | 0x7f800000u | (fraction << 13);
    memcpy(&value, &bits, sizeof value);
    if (exponent == 0) /* below the smallest normal number, 2⁻¹⁴ */
        return (sign ? -1 : 1) * (float)fraction * 0x1p-24f;
    return value;
}

static float from_bf16(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* In f64, which holds all of them but large integers. */
static double value_at(enum file_dtype from, const unsigned char *at)
{
#define AS(type)                          \
    {                                     \
        type value;                       \
        memcpy(&value, at, sizeof value); \
        return (double)value;             \
    }
    uint16_t half;
    switch (from) {
    case FILE_I8:
        AS(int8_t)
    case FILE_I16:
        AS(int16_t)
    case FILE_U16:
        AS(uint16_t)
    case FILE_I32:
        AS(int32_t)
    case FILE_U32:
        AS(uint32_t)
    case FILE_I64:
        AS(int64_t)
    case FILE_F32:
        AS(float)
    case FILE_F64:
        AS(double)
    case FILE_F16:
        memcpy(&half, at, sizeof half);
        return (double)from_f16(half);
    case FILE_BF16:
        memcpy(&half, at, sizeof half);
        return (double)from_bf16(half);
    default:
        return 0; /* those of our own dtypes are copied */
    }
#undef AS
}

static bool is_real(enum file_dtype dtype)
{
    return dtype >= FILE_F16;
}

bool file_same(enum file_dtype from, wg_dtype to)
{
    return dtypes[from].here == to && dtypes[from].size == wg_dtype_size(to);
}

bool file_can_convert(enum file_dtype from, wg_dtype to)
{
    return dtypes[from].here == to || (is_real(from) && (to == WG_F32 || to == WG_F64));
}

bool file_is_count(const struct file_entry *entry, wg_dtype to)
{
    return entry->dtype == FILE_I64 && entry->shape.rank == 0 && to == WG_F64;
}

void file_convert(enum file_dtype from, const unsigned char *bytes, wg_dtype to, void *elements, int64_t n)
{
    const size_t size = dtypes[from].size;
    if (file_same(from, to) && n > 0) {
        memcpy(elements, bytes, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const double value = value_at(from, bytes + (size_t)i * size);
        if (to == WG_F32)
            ((float *)elements)[i] = (float)value;
        else if (to == WG_F64)
            ((double *)elements)[i] = value;
        else
            ((int64_t *)elements)[i] = (int64_t)value;
    }
}
