/* Numbers in rows of text. Two passes over the bytes: the first finds lines and columns and rejects what is not well formed, so
   that nothing is allocated for it; the second reads the numbers. One struct text bounds both. */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "cursor.h"
#include "wengert/data.h"
#include "wengert/error.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

enum { MAX_LINE = 1 << 20, MAX_FIELD = 63 };

struct text {
    const char *at, *end, *name, *op;
    wg_dataset_csv_options options;
    int64_t line;                 /* of the file, from 1 */
    int64_t rows, columns, label; /* label: -1 where there is none */
    locale_t locale;
};

struct field {
    const char *text;
    size_t size;
    int64_t column; /* from 1 */
};

static wg_status malformed(const struct text *c, int64_t column, const char *text)
{
    if (column > 0)
        return wg_error_set(WG_E_IO, c->op, "%s: %s, line %lld, column %lld: %s", c->op, c->name, (long long)c->line,
                            (long long)column, text);
    return wg_error_set(WG_E_IO, c->op, "%s: %s, line %lld: %s", c->op, c->name, (long long)c->line, text);
}

static wg_status bad_field(const struct text *c, const struct field *field, const char *text)
{
    char shown[25], message[100];
    size_t n = 0;
    for (; n < field->size && n + 1 < sizeof shown; n++)
        shown[n] = field->text[n] >= ' ' && field->text[n] <= '~' ? field->text[n] : '?';
    shown[n] = 0;
    snprintf(message, sizeof message, "\"%s\" %s", shown, text);
    return malformed(c, field->column, message);
}

/* ---- lines and fields ---- */

/* The next line without its end, "\n" or "\r\n". False at the end of the bytes. */
static bool next_line(struct text *c, const char **line, size_t *size)
{
    if (c->at == c->end)
        return false;
    const char *stop = memchr(c->at, '\n', (size_t)(c->end - c->at));
    *line = c->at;
    *size = (size_t)((stop ? stop : c->end) - c->at);
    c->at = stop ? stop + 1 : c->end;
    if (*size > 0 && (*line)[*size - 1] == '\r')
        --*size;
    c->line++;
    return true;
}

static int64_t count_columns(const struct text *c, const char *line, size_t size)
{
    int64_t columns = 1;
    for (size_t i = 0; i < size; i++)
        columns += line[i] == c->options.separator;
    return columns;
}

static void start(struct text *c, const char *bytes, size_t size)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors put it before UTF-8 text */
    c->at = bytes;
    c->end = bytes + size;
    c->line = 0;
    if (size >= 3 && memcmp(bytes, mark, 3) == 0)
        c->at += 3;
    const char *line;
    for (int i = 0; i < c->options.skip_lines && next_line(c, &line, &size); i++)
        continue;
}

static wg_status measure(struct text *c)
{
    const char *line;
    size_t size;
    char text[100];
    while (next_line(c, &line, &size)) {
        if (size > MAX_LINE)
            return malformed(c, 0, "the line is longer than 1 MiB");
        if (memchr(line, 0, size))
            return malformed(c, 0, "there is a NUL byte");
        if (size == 0 && c->at == c->end)
            break; /* an empty last line */
        const int64_t columns = count_columns(c, line, size);
        if (c->rows++ == 0)
            c->columns = columns;
        if (columns == c->columns)
            continue;
        snprintf(text, sizeof text, "%lld columns where the first row has %lld", (long long)columns, (long long)c->columns);
        return malformed(c, 0, text);
    }
    return c->rows > 0 ? WG_OK : malformed(c, 0, "there are no rows");
}

/* ---- numbers ---- */

static size_t digits(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static bool is_decimal(const char *text, size_t size, bool *integer)
{
    size_t at = size > 0 && (text[0] == '+' || text[0] == '-');
    const size_t whole = digits(text + at, size - at);
    size_t fraction = 0;
    at += whole;
    *integer = whole > 0 && at == size;
    if (at < size && text[at] == '.') {
        fraction = digits(text + at + 1, size - at - 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < size && (text[at] == '+' || text[at] == '-');
        const size_t exponent = digits(text + at, size - at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == size;
}

static bool is_nonfinite(const char *text, size_t size)
{
    static const char *const words[] = {"nan", "inf", "+inf", "-inf", "NaN", "Inf", "-Inf"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == size && memcmp(words[i], text, size) == 0)
            return true;
    return false;
}

static void trim(struct field *field)
{
    while (field->size > 0 && (field->text[0] == ' ' || field->text[0] == '\t'))
        field->text++, field->size--;
    while (field->size > 0 && (field->text[field->size - 1] == ' ' || field->text[field->size - 1] == '\t'))
        field->size--;
}

/* Says what is most often the matter, too: a header, or another separator. */
static wg_status no_number(const struct text *c, const struct field *field)
{
    const bool separated = memchr(field->text, ';', field->size) || memchr(field->text, '\t', field->size) ||
                           memchr(field->text, ' ', field->size);
    if (separated)
        return bad_field(c, field, "is no number (see .separator)");
    return bad_field(c, field, c->line == c->options.skip_lines + 1 ? "is no number (a header? see .skip_lines)" : "is no number");
}

static wg_status read_number(const struct text *c, const struct field *field, double *value)
{
    char text[MAX_FIELD + 1];
    bool integer = false;
    if (field->size > MAX_FIELD)
        return bad_field(c, field, "begins a field longer than 63 characters");
    const bool nonfinite = is_nonfinite(field->text, field->size);
    if (nonfinite && !c->options.nonfinite)
        return bad_field(c, field, "is not finite (see .nonfinite)");
    if (!nonfinite && !is_decimal(field->text, field->size, &integer))
        return no_number(c, field);
    memcpy(text, field->text, field->size);
    text[field->size] = 0;
    if (integer && field->size <= 15) { /* exact, and the common case in images */
        *value = (double)strtoll(text, NULL, 10);
        return WG_OK;
    }
    *value = c->options.dtype == WG_F32 ? (double)strtof_l(text, NULL, c->locale) : strtod_l(text, NULL, c->locale);
    if (isinf(*value) && !nonfinite)
        return bad_field(c, field, "is out of range");
    return WG_OK;
}

static wg_status read_label(const struct text *c, const struct field *field, int64_t *value)
{
    char text[MAX_FIELD + 1];
    bool integer = false;
    if (field->size > MAX_FIELD || !is_decimal(field->text, field->size, &integer) || !integer)
        return bad_field(c, field, "is no label: whole numbers are (see .label_column, .separator)");
    memcpy(text, field->text, field->size);
    text[field->size] = 0;
    errno = 0;
    const long long parsed = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return bad_field(c, field, "is out of range");
    *value = parsed;
    return WG_OK;
}

/* ---- rows ---- */

static wg_status read_row(const struct text *c, const char *line, size_t size, void *features, int64_t *label)
{
    int64_t filled = 0;
    for (int64_t column = 0; column < c->columns; column++) {
        const char *stop = memchr(line, c->options.separator, size);
        struct field field = {line, stop ? (size_t)(stop - line) : size, column + 1};
        size -= field.size + (stop != NULL);
        line = stop ? stop + 1 : line + field.size;
        trim(&field);
        if (column == c->label) {
            WG_TRY(read_label(c, &field, label));
            continue;
        }
        double value = 0;
        WG_TRY(read_number(c, &field, &value));
        if (c->options.dtype == WG_F32)
            ((float *)features)[filled++] = (float)value;
        else
            ((double *)features)[filled++] = value;
    }
    return WG_OK;
}

static wg_status read_rows(struct text *c, wg_tensor *features, wg_tensor *labels)
{
    char *to = wg_data_mut(features);
    int64_t *label = c->label >= 0 ? wg_data_mut(labels) : NULL;
    if (!to || (c->label >= 0 && !label))
        return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
    const int64_t width = c->columns - (c->label >= 0);
    const char *line;
    size_t size;
    for (int64_t row = 0; row < c->rows && next_line(c, &line, &size); row++)
        WG_TRY(read_row(c, line, size, to + (size_t)(row * width) * wg_dtype_size(c->options.dtype), label ? label + row : NULL));
    return WG_OK;
}

static wg_status check_options(const struct text *c, bool labels)
{
    const char separator = c->options.separator;
    if (c->options.dtype != WG_F32 && c->options.dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, c->op, "%s: expected f32 or f64, got %s", c->op, wg_dtype_name(c->options.dtype));
    if (c->options.skip_lines < 0 || separator == 0 || strchr("+-.0123456789eE\r\n", separator))
        return wg_error_set(WG_E_ARGUMENT, c->op, "%s: skip_lines %d or the separator cannot be", c->op, c->options.skip_lines);
    if (labels && (c->options.label_column < INT32_MIN || c->options.label_column > INT32_MAX))
        return wg_error_set(WG_E_ARGUMENT, c->op, "%s: there is no such label column", c->op);
    return WG_OK;
}

static wg_status parse(struct text *c, const char *bytes, size_t size, wg_tensor **features, wg_tensor **labels)
{
    start(c, bytes, size);
    WG_TRY(measure(c));
    c->label = -1;
    if (labels) {
        c->label = c->options.label_column + (c->options.label_column < 0 ? c->columns : 0);
        if (c->label < 0 || c->label >= c->columns)
            return wg_error_set(WG_E_ARGUMENT, c->op, "%s: %s: there is no label column %lld in %lld columns", c->op, c->name,
                                (long long)c->options.label_column, (long long)c->columns);
    }
    wg_tensor *x = wg_zeros(c->options.dtype, WG_SHAPE(c->rows, c->columns - (labels != NULL)));
    wg_tensor *y = x && labels ? wg_zeros(WG_I64, WG_SHAPE(c->rows)) : WG_NONE;
    wg_status status = x && y ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK) {
        start(c, bytes, size);
        status = read_rows(c, x, y);
    }
    if (status != WG_OK) {
        discard_tensor(x);
        discard_tensor(y);
        return status;
    }
    *features = x;
    if (labels)
        *labels = y;
    return WG_OK;
}

static wg_status csv_parse(const char *op, const void *bytes, size_t size, const char *name, wg_tensor **features,
                           wg_tensor **labels, wg_dataset_csv_options options)
{
    if (!bytes || !name || !features)
        return wg_error_set(WG_E_NULL, op, "%s: an argument is NULL", op);
    struct text c = {.name = name, .op = op, .options = options};
    WG_TRY(check_options(&c, labels != NULL));
    if (size > options.max_bytes)
        return wg_error_set(WG_E_IO, op, "%s: %s has more than %zu bytes (see .max_bytes)", op, name, options.max_bytes);
    c.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* a comma is never a decimal point */
    if (!c.locale)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    const wg_status status = parse(&c, bytes, size, features, labels);
    freelocale(c.locale);
    return status;
}

wg_status wg_dataset_parse_csv_with(const void *bytes, size_t size, const char *name, wg_tensor **features, wg_tensor **labels,
                                    wg_dataset_csv_options options)
{
    return csv_parse("dataset_parse_csv", bytes, size, name, features, labels, options);
}

wg_status wg_dataset_read_csv_with(const char *path, wg_tensor **features, wg_tensor **labels, wg_dataset_csv_options options)
{
    const char *op = "dataset_read_csv";
    if (!path || !features)
        return wg_error_set(WG_E_NULL, op, "%s: an argument is NULL", op);
    struct bytes bytes;
    wg_status status = bytes_read(&bytes, path, options.max_bytes, true, op);
    if (status == WG_OK)
        status = csv_parse(op, bytes.data, bytes.size, path, features, labels, options);
    free(bytes.data);
    return status;
}
