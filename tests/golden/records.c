#include <stdio.h>

#include "records.h"

static int64_t extent_product(const wg_shape *shape)
{
    int64_t n = 1;
    for (int i = 0; i < shape->rank; i++)
        n *= shape->extent[i];
    return n;
}

/* ---- reading ---- */

/* The words of a line, one after another. */
static const char *word(char **rest)
{
    char *found;
    do
        found = strsep(rest, " ");
    while (found && !*found);
    return found;
}

static double number_of(const char *text)
{
    char *end;
    const double value = text ? strtod(text, &end) : NAN;
    if (!text || *end)
        fail_msg("%s where a number is due", text ? text : "nothing");
    return value;
}

/* The extents up to "=" or the end. */
static wg_shape read_shape(char **rest)
{
    wg_shape shape = WG_SCALAR;
    for (const char *w; (w = word(rest)) && strcmp(w, "=") != 0;) {
        assert_true(shape.rank < WG_MAX_RANK);
        shape.extent[shape.rank++] = (int64_t)number_of(w);
    }
    return shape;
}

static struct numbers read_numbers(char **rest, wg_shape shape)
{
    struct numbers v = {.shape = shape, .n = extent_product(&shape)};
    double *at = calloc((size_t)v.n + 1, sizeof *at);
    assert_non_null(at);
    v.at = at;
    for (int64_t i = 0; i < v.n; i++) {
        const char *w = word(rest);
        if (i == 0 && w && strcmp(w, "zero") == 0)
            break;
        at[i] = number_of(w);
    }
    assert_null(word(rest));
    return v;
}

static void read_operand(struct record *r, bool constant, char **rest)
{
    assert_true(r->n_in < GOLDEN_MOST);
    struct operand *o = &r->in[r->n_in++];
    o->constant = constant;
    snprintf(o->kind, sizeof o->kind, "%s", word(rest));
    o->low = number_of(word(rest));
    o->high = number_of(word(rest));
    o->given.shape = read_shape(rest);
    o->given.n = extent_product(&o->given.shape);
    if (strcmp(o->kind, "given") == 0)
        o->given = read_numbers(rest, o->given.shape);
}

/* "I = NUMBER…", of operand I's shape. */
static void read_derivative(struct record *r, struct numbers *of, char **rest)
{
    const double i = number_of(word(rest));
    assert_true(i >= 0 && i < r->n_in);
    assert_string_equal(word(rest), "=");
    of[(int)i] = read_numbers(rest, r->in[(int)i].given.shape);
}

static void read_line(struct record *r, char *line)
{
    char *rest = line;
    const char *tag = word(&rest);
    if (strcmp(tag, "in") == 0 || strcmp(tag, "constant") == 0) {
        read_operand(r, *tag == 'c', &rest);
    } else if (strcmp(tag, "out") == 0) {
        assert_true(r->n_out < GOLDEN_MOST);
        const wg_shape shape = read_shape(&rest);
        r->out[r->n_out++] = read_numbers(&rest, shape);
    } else if (strcmp(tag, "grad") == 0) {
        read_derivative(r, r->grad, &rest);
    } else if (strcmp(tag, "second") == 0) {
        read_derivative(r, r->second, &rest);
    } else {
        fail_msg("a line of the values begins with \"%s\"", tag);
    }
}

struct record *records_read(const char *path, int *count)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    struct record *records = NULL;
    char *line = NULL;
    size_t room = 0;
    *count = 0;
    for (ssize_t length; (length = getline(&line, &room, file)) > 0;) {
        if (*line == '#')
            continue;
        line[length - 1] = 0;
        if (strncmp(line, "case ", 5) == 0) {
            records = realloc(records, (size_t)(*count + 1) * sizeof *records);
            assert_non_null(records);
            records[*count] = (struct record){0};
            snprintf(records[(*count)++].name, sizeof records->name, "%s", line + 5);
        } else {
            assert_true(*count > 0);
            read_line(&records[*count - 1], line);
        }
    }
    free(line);
    fclose(file);
    return records;
}

void records_free(struct record *records, int count)
{
    for (int k = 0; k < count; k++)
        for (int i = 0; i < GOLDEN_MOST; i++) {
            free((double *)records[k].in[i].given.at);
            free((double *)records[k].out[i].at);
            free((double *)records[k].grad[i].at);
            free((double *)records[k].second[i].at);
        }
    free(records);
}

/* ---- operands ---- */

void draws(double *to, int64_t n, const char *key, double low, double high)
{
    uint64_t state = 0xCBF29CE484222325u;
    for (; *key; key++)
        state = (state ^ (uint8_t)*key) * 0x100000001B3u;
    for (int64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        to[i] = low + (high - low) * (double)(2 * (state >> 48) + 1) / 0x1p17;
    }
}

wg_tensor *tensor_of(const double *numbers, wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = made(wg_zeros(dtype, shape));
    float *narrow = wg_data_mut(t);
    double *wide = wg_data_mut(t);
    for (int64_t i = 0; i < wg_numel(t); i++)
        if (dtype == WG_F32)
            narrow[i] = (float)numbers[i];
        else
            wide[i] = numbers[i];
    return t;
}

/* The matrices of a batch, rows by columns each, made symmetric after their lower triangles; then same + i grow is added to the i-th
   element of each diagonal. */
static void shape_matrices(double *at, int64_t n, int64_t rows, int64_t columns, bool symmetric, double same, double grow)
{
    for (double *a = at; a < at + n; a += rows * columns)
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = i + 1; j < columns && symmetric; j++)
                a[i * columns + j] = a[j * columns + i];
            if (i < columns)
                a[i * columns + i] += same + grow * (double)i;
        }
}

wg_tensor *record_operand(const struct record *r, int i, wg_dtype dtype)
{
    const struct operand *o = &r->in[i];
    const wg_shape shape = o->given.shape;
    const int64_t n = o->given.n, rows = shape.rank > 1 ? shape.extent[shape.rank - 2] : 1,
                  columns = shape.rank ? shape.extent[shape.rank - 1] : 1;
    if (o->given.at)
        return tensor_of(o->given.at, dtype, shape);
    const bool label = strcmp(o->kind, "label") == 0, mask = strcmp(o->kind, "mask") == 0;
    double *numbers = malloc((size_t)n * sizeof *numbers + 1);
    assert_non_null(numbers);
    char key[96];
    snprintf(key, sizeof key, "%s/x%d", r->name, i);
    draws(numbers, n, key, o->low, o->high);
    for (int64_t k = 0; k < n && (label || mask || strcmp(o->kind, "whole") == 0); k++)
        numbers[k] = floor(numbers[k]);
    if (strcmp(o->kind, "definite") == 0)
        shape_matrices(numbers, n, rows, columns, true, (double)columns, 0);
    if (strcmp(o->kind, "dominant") == 0)
        shape_matrices(numbers, n, rows, columns, false, (double)columns, 0);
    if (strcmp(o->kind, "spread") == 0)
        shape_matrices(numbers, n, rows, columns, true, 0, 2);
    wg_tensor *t;
    if (label || mask) {
        t = made(wg_zeros(label ? WG_I64 : WG_U8, shape));
        int64_t *labels = wg_data_mut(t);
        uint8_t *bits = wg_data_mut(t);
        for (int64_t k = 0; k < n; k++)
            if (label)
                labels[k] = (int64_t)numbers[k];
            else
                bits[k] = (uint8_t)numbers[k];
    } else {
        t = tensor_of(numbers, dtype, shape);
    }
    free(numbers);
    return t;
}
