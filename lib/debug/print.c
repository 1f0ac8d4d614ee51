/* wg_print: writes a tensor as NumPy 1.24 prints an array with its default options.

   The elements are visited three times: for the range of their magnitudes, which decides between positional and scientific
   notation; for the widths of the columns; and for writing. So no element is stored, and nothing is allocated.
   Digits are those of the Dragon4 algorithm as NumPy calls it: the shortest decimal that reads back as the same element, unless
   that has more digits than are shown; then the exact value, rounded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

enum {
    PRECISION = 8,    /* maximum number of digits behind the point */
    THRESHOLD = 1000, /* a tensor of more elements is summarised */
    EDGE = 3,         /* elements shown at each end of a summarised axis */
    LINE = 75,
};

/* ---- the elements that are shown, in row-major order ---- */

struct cursor {
    const wg_tensor *t;
    int64_t index[WG_MAX_RANK], at; /* at: of the element, relative to the first one */
    bool skipped;                   /* the last step went over elements that are not shown */
};

/* Goes to the next element. Returns the outermost axis whose index increased, or -1 after the last element. */
static int step(struct cursor *c)
{
    for (int axis = c->t->rank - 1; axis >= 0; axis--) {
        const int64_t extent = wg_extents(c->t)[axis], stride = wg_strides(c->t)[axis], i = c->index[axis];
        if (i + 1 < extent) {
            c->skipped = c->t->numel > THRESHOLD && extent > 2 * EDGE && i == EDGE - 1;
            c->index[axis] = c->skipped ? extent - EDGE : i + 1;
            c->at += (c->index[axis] - i) * stride;
            return axis;
        }
        c->at -= i * stride;
        c->index[axis] = 0;
    }
    return -1;
}

/* The current element of a tensor of floats. */
static double number(const struct cursor *c)
{
    const void *data = c->t->data;
    return c->t->dtype == WG_F32 ? (double)((const float *)data)[c->at] : ((const double *)data)[c->at];
}

static long long integer(const struct cursor *c)
{
    const void *data = c->t->data;
    return c->t->dtype == WG_I64 ? (long long)((const int64_t *)data)[c->at] : (long long)((const uint8_t *)data)[c->at];
}

/* ---- decimal digits ---- */

/* ±d.ddd · 10^exponent, with n digits. */
struct decimal {
    bool negative;
    int n, exponent;
    char digit[24];
};

/* x rounded to n ≤ 20 digits. */
static struct decimal rounded(double x, int n)
{
    struct decimal d = {.negative = signbit(x)};
    char text[40];
    snprintf(text, sizeof text, "%.*e", n - 1, fabs(x));
    const char *c = text;
    for (; *c != 'e'; c++)
        if (*c >= '0' && *c <= '9') /* the character of the point depends on the locale */
            d.digit[d.n++] = *c;
    d.exponent = atoi(c + 1);
    return d;
}

static bool reads_back(const struct decimal *d, double x, bool f32)
{
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", d->n, d->digit, d->exponent - d->n + 1);
    return (f32 ? (double)strtof(text, NULL) : strtod(text, NULL)) == fabs(x);
}

/* The shortest decimal that reads back as x. For each length the nearest decimal is tried first, then the next larger one: at a power
   of two the gap to the next smaller float is half the gap to the next larger one, so the larger decimal may read back as x although
   the nearest one does not. */
static struct decimal shortest(double x, bool f32)
{
    const int max = f32 ? 9 : 17;
    for (int n = 1; n < max; n++) {
        struct decimal d = rounded(x, n);
        if (reads_back(&d, x, f32))
            return d;
        if (d.digit[n - 1] < '9') {
            d.digit[n - 1]++;
            if (reads_back(&d, x, f32))
                return d;
        }
    }
    return rounded(x, max);
}

static void drop_zeros(struct decimal *d)
{
    while (d->n > 1 && d->digit[d->n - 1] == '0')
        d->n--;
}

/* The digit that counts 10^place. */
static char digit_at(const struct decimal *d, int place)
{
    const int i = d->exponent - place;
    return i >= 0 && i < d->n ? d->digit[i] : '0';
}

/* "-12.5"; "3." without digits behind the point. */
static void positional_text(const struct decimal *d, char *text)
{
    if (d->negative)
        *text++ = '-';
    for (int place = d->exponent > 0 ? d->exponent : 0; place >= 0; place--)
        *text++ = digit_at(d, place);
    *text++ = '.';
    for (int place = -1; place > d->exponent - d->n; place--)
        *text++ = digit_at(d, place);
    *text = 0;
}

/* "-1.25e+03", with at least two digits in the exponent. */
static void scientific_text(const struct decimal *d, int exponent_digits, char *text, size_t size)
{
    const int magnitude = abs(d->exponent);
    snprintf(text, size, "%s%c.%.*se%c%s%02d", d->negative ? "-" : "", d->digit[0], d->n - 1, d->digit + 1,
             d->exponent < 0 ? '-' : '+', exponent_digits > 2 && magnitude < 100 ? "0" : "", magnitude);
}

/* ---- the format that all elements share ---- */

struct format {
    bool scientific;
    int left, right; /* characters before and behind the point; integers: left alone */
    int precision, exponent_digits;
};

enum { WORD = 64 }; /* bytes for the text of an element */

/* The text of a finite float by itself, for the widths of the columns. */
static void measured_text(const struct format *f, double x, bool f32, char *text)
{
    struct decimal d = shortest(x, f32);
    const int max = PRECISION + 1 + (f->scientific ? 0 : d.exponent);
    if (d.n > max)
        d = rounded(x, max);
    drop_zeros(&d);
    if (f->scientific)
        scientific_text(&d, 0, text, WORD);
    else
        positional_text(&d, text);
}

/* The text of a finite float in its column. In scientific notation all have the same number of digits. */
static void column_text(const struct format *f, double x, bool f32, char *text)
{
    struct decimal d = shortest(x, f32);
    if (f->scientific) {
        if (d.n != f->precision + 1)
            d = rounded(x, f->precision + 1);
        scientific_text(&d, f->exponent_digits, text, WORD);
        return;
    }
    if (d.n > PRECISION + 1 + d.exponent)
        d = rounded(x, PRECISION + 1 + d.exponent);
    else if (d.n < d.exponent + 1) /* the digits before the point are exact */
        d = rounded(x, d.exponent + 1);
    drop_zeros(&d);
    positional_text(&d, text);
}

/* Chooses the notation: scientific from 1e8 on, below 1e-4, and if the magnitudes differ by more than a factor of 1000. */
static bool is_scientific(const wg_tensor *t)
{
    double high = 0, low = INFINITY;
    struct cursor c = {.t = t};
    do {
        const double x = fabs(number(&c));
        if (isfinite(x) && x > 0) {
            high = x > high ? x : high;
            low = x < low ? x : low;
        }
    } while (step(&c) >= 0);
    const double ratio = t->dtype == WG_F32 ? (double)((float)high / (float)low) : high / low;
    return high > 0 && (high >= 1e8 || low < 1e-4 || ratio > 1000);
}

static void raise(int *least, size_t value)
{
    if (*least < (int)value)
        *least = (int)value;
}

static struct format float_format(const wg_tensor *t)
{
    struct format f = {.scientific = is_scientific(t)};
    int special = 0; /* the longest of nan, inf and -inf that occurs */
    struct cursor c = {.t = t};
    do {
        const double x = number(&c);
        char text[WORD];
        if (!isfinite(x)) {
            raise(&special, isinf(x) && x < 0 ? 4 : 3);
            continue;
        }
        measured_text(&f, x, t->dtype == WG_F32, text);
        const char *point = strchr(text, '.'), *exponent = strchr(text, 'e');
        raise(&f.left, (size_t)(point - text));
        raise(&f.precision, exponent ? (size_t)(exponent - point - 1) : strlen(point + 1));
        if (exponent)
            raise(&f.exponent_digits, strlen(exponent + 2));
    } while (step(&c) >= 0);
    f.right = f.precision + (f.scientific ? f.exponent_digits + 2 : 0);
    if (special > f.left + f.right + 1)
        f.left = special - f.right - 1;
    return f;
}

static struct format integer_format(const wg_tensor *t)
{
    struct format f = {.scientific = false};
    struct cursor c = {.t = t};
    do
        raise(&f.left, (size_t)snprintf(NULL, 0, "%lld", integer(&c)));
    while (step(&c) >= 0);
    return f;
}

static bool is_float(const wg_tensor *t)
{
    return t->dtype == WG_F32 || t->dtype == WG_F64;
}

/* ---- writing ---- */

struct page {
    FILE *stream;
    int column;
    int spaces; /* that end the line so far; written once something follows them on the line */
};

static void put(struct page *p, int before, const char *text, int behind)
{
    fprintf(p->stream, "%*s%s", p->spaces + before, "", text);
    p->column += before + (int)strlen(text) + behind;
    p->spaces = behind;
}

static void break_line(struct page *p, int lines, int indent)
{
    for (int i = 0; i < lines; i++)
        fputc('\n', p->stream);
    p->column = p->spaces = indent;
}

/* Writes text in a row, on a new line if this one is full. A line of one word may be too long. */
static void put_word(struct page *p, int rank, int before, const char *text, int behind)
{
    if (p->column + before + (int)strlen(text) + behind > LINE - rank && p->column > rank)
        break_line(p, 1, rank);
    put(p, before, text, behind);
}

static void put_element(struct page *p, const struct format *f, const struct cursor *c)
{
    char text[WORD];
    int left = f->left, right = f->right;
    if (!is_float(c->t)) {
        const int length = snprintf(text, sizeof text, "%lld", integer(c));
        put_word(p, c->t->rank, left - length, text, 0);
        return;
    }
    const double x = number(c);
    if (!isfinite(x)) {
        const char *name = isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
        put_word(p, c->t->rank, left + right + 1 - (int)strlen(name), name, 0);
        return;
    }
    column_text(f, x, c->t->dtype == WG_F32, text);
    left -= (int)(strchr(text, '.') - text);
    put_word(p, c->t->rank, left, text, f->left + right + 1 - left - (int)strlen(text));
}

/* Between two elements: the end of the inner lists, what separates the entries of this axis, and the start of inner lists. */
static void put_between(struct page *p, int rank, int axis, bool skipped)
{
    const int lines = rank - 1 - axis;
    for (int i = 0; i < lines; i++)
        put(p, 0, "]", 0);
    if (lines == 0) {
        p->spaces++, p->column++;
        if (skipped)
            put_word(p, rank, 0, "...", 1);
        return;
    }
    break_line(p, lines, axis + 1);
    if (skipped) {
        put(p, 0, "...", 0);
        break_line(p, lines, axis + 1);
    }
    for (int i = 0; i < lines; i++)
        put(p, 0, "[", 0);
}

static void write_array(const wg_tensor *t, FILE *stream)
{
    const struct format format = is_float(t) ? float_format(t) : integer_format(t);
    struct page p = {.stream = stream};
    struct cursor c = {.t = t};
    for (int i = 0; i < t->rank; i++)
        put(&p, 0, "[", 0);
    for (int axis = 0; axis >= 0;) {
        put_element(&p, &format, &c);
        axis = step(&c);
        if (axis >= 0)
            put_between(&p, t->rank, axis, c.skipped);
    }
    for (int i = 0; i < t->rank; i++)
        put(&p, 0, "]", 0);
}

/* A tensor of rank 0 has all its digits, and scientific notation from 1e16 on and below 1e-4. */
static void write_scalar(const wg_tensor *t, FILE *stream)
{
    const struct cursor c = {.t = t};
    char text[WORD];
    if (!is_float(t)) {
        fprintf(stream, "%lld", integer(&c));
        return;
    }
    const double x = number(&c), size = fabs(x);
    if (!isfinite(x)) {
        fputs(isnan(x) ? "nan" : x < 0 ? "-inf" : "inf", stream);
        return;
    }
    const struct decimal d = shortest(x, t->dtype == WG_F32);
    if (size == 0 || (size >= 1e-4 && size < 1e16)) {
        positional_text(&d, text);
        fprintf(stream, "%s%s", text, strchr(text, '.')[1] ? "" : "0");
    } else {
        scientific_text(&d, 0, text, sizeof text);
        const char *point = strchr(text, '.');
        fprintf(stream, "%.*s%s", (int)(point - text), text, point + (point[1] == 'e')); /* 1e+16 has no point */
    }
}

wg_status wg_print(const wg_tensor *t, FILE *stream)
{
    WG_TRY(wg_check_handle(t, "print", -1));
    WG_TRY(wg_may_read(wg_self(), t, "print"));
    if (!stream)
        return wg_fail(WG_E_NULL, "print", "print: the stream is NULL");
    if (t->numel == 0)
        fputs("[]", stream);
    else if (t->rank == 0)
        write_scalar(t, stream);
    else
        write_array(t, stream);
    fputc('\n', stream);
    return wg_flush(stream, "print");
}
