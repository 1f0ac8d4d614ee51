/* Options read from the text that wg_options_text writes. */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"
#include "core/options.h"

enum { MAX_WORD = 64 };

/* What is being read, from `at` on; `start` for messages. given: for each option of the table, whether it was read. */
struct text {
    const char *at, *start, *op;
    bool *given;
};

static wg_status expected(const struct text *text, const char *what)
{
    return wg_fail(WG_E_ARGUMENT, text->op, "%s: expected %s at character %zu of \"%.200s\"", text->op, what,
                   (size_t)(text->at - text->start) + 1, text->start);
}

static void skip_spaces(struct text *text)
{
    while (*text->at == ' ')
        text->at++;
}

static bool take(struct text *text, char c)
{
    skip_spaces(text);
    if (*text->at != c)
        return false;
    text->at++;
    return true;
}

/* Letters, digits and '_'. */
static wg_status take_word(struct text *text, char word[MAX_WORD])
{
    size_t n = 0;
    skip_spaces(text);
    while ((isalnum((unsigned char)text->at[n]) || text->at[n] == '_') && n + 1 < MAX_WORD)
        n++;
    if (n == 0)
        return expected(text, "a name");
    memcpy(word, text->at, n);
    word[n] = 0;
    text->at += n;
    return WG_OK;
}

static wg_status take_whole(struct text *text, int64_t *value)
{
    char *end;
    errno = 0;
    const long long parsed = strtoll(text->at, &end, 10);
    if (end == text->at || errno != 0)
        return expected(text, "a whole number of 64 bits");
    text->at = end;
    *value = parsed;
    return WG_OK;
}

static wg_status take_number(struct text *text, double *value)
{
    char *end;
    *value = strtod(text->at, &end);
    if (end == text->at)
        return expected(text, "a number");
    text->at = end;
    return WG_OK;
}

/* The index of a name among names, the longest that stands there: a program's own names need not be words. */
static wg_status take_name(struct text *text, const char *const *names, size_t n, const char *what, double *value)
{
    size_t longest = 0;
    for (size_t i = 0; i < n && names[i]; i++) {
        const size_t length = strlen(names[i]);
        if (length > longest && strncmp(text->at, names[i], length) == 0) {
            *value = (double)i;
            longest = length;
        }
    }
    text->at += longest;
    return longest > 0 ? WG_OK : expected(text, what);
}

/* A pair or a triple. */
static wg_status take_tuple(struct text *text, int64_t *value, int n)
{
    if (!take(text, '('))
        return expected(text, n == 2 ? "a pair, (1, 2)" : "a triple, (1, 2, 3)");
    for (int k = 0; k < n; k++) {
        skip_spaces(text);
        WG_TRY(take_whole(text, &value[k]));
        if (!take(text, k + 1 < n ? ',' : ')'))
            return expected(text, k + 1 < n ? "\",\"" : "\")\"");
    }
    return WG_OK;
}

static wg_status take_shape(struct text *text, wg_shape *shape)
{
    *shape = WG_SCALAR;
    if (!take(text, '('))
        return expected(text, "a shape, (16, 5, 5)");
    if (take(text, ')'))
        return WG_OK;
    do {
        if (shape->rank == WG_MAX_RANK)
            return expected(text, "at most 8 extents");
        skip_spaces(text);
        WG_TRY(take_whole(text, &shape->extent[shape->rank]));
        shape->rank++;
    } while (take(text, ','));
    return take(text, ')') ? WG_OK : expected(text, "\")\"");
}

static wg_status take_milestones(struct text *text, wg_milestones *list)
{
    char most[40];
    list->count = 0;
    if (!take(text, '['))
        return expected(text, "a list of steps, [30, 80]");
    do {
        if (list->count == WG_MAX_MILESTONES) {
            snprintf(most, sizeof most, "at most %d steps", WG_MAX_MILESTONES);
            return expected(text, most);
        }
        skip_spaces(text);
        WG_TRY(take_whole(text, &list->step[list->count]));
        list->count++;
    } while (take(text, ','));
    return take(text, ']') ? WG_OK : expected(text, "\"]\"");
}

static wg_status take_value(struct text *text, const wg_option *option, void *options)
{
    static const char *const booleans[] = {"false", "true"}, *const dtypes[] = {"f32", "f64"};
    double value = 0;
    int64_t whole = 0, *values;
    int n;
    skip_spaces(text);
    switch (option->type) {
    case WG_OPTION_BOOL:
        WG_TRY(take_name(text, booleans, 2, "true or false", &value));
        break;
    case WG_OPTION_DTYPE:
        WG_TRY(take_name(text, dtypes, 2, "f32 or f64", &value));
        break;
    case WG_OPTION_CHOICE:
        WG_TRY(take_name(text, option->choice, SIZE_MAX, "the name of one of the values", &value));
        break;
    case WG_OPTION_INT:
        WG_TRY(take_whole(text, &whole));
        memcpy((char *)options + option->offset, &whole, sizeof whole);
        return WG_OK;
    case WG_OPTION_PAIR:
    case WG_OPTION_TRIPLE:
        values = wg_option_whole(option, options, &n);
        return take_tuple(text, values, n);
    case WG_OPTION_SHAPE:
        return take_shape(text, (wg_shape *)(void *)((char *)options + option->offset));
    case WG_OPTION_MILESTONES:
        return take_milestones(text, (wg_milestones *)(void *)((char *)options + option->offset));
    case WG_OPTION_TENSOR:
        return expected(text, "an option that is no tensor");
    case WG_OPTION_REAL:
        WG_TRY(take_number(text, &value));
        break;
    }
    wg_option_set(option, options, value);
    return WG_OK;
}

static wg_status take_options(struct text *text, wg_option_table table, void *options)
{
    char name[MAX_WORD];
    skip_spaces(text);
    if (*text->at == 0)
        return WG_OK;
    do {
        const wg_option *option = NULL;
        skip_spaces(text);
        struct text before = *text;
        WG_TRY(take_word(text, name));
        WG_TRY(wg_option_find(table, name, &option, text->op));
        if (text->given[option - table.option])
            return expected(&before, "each option once");
        text->given[option - table.option] = true;
        if (!take(text, '='))
            return expected(text, "\"=\"");
        WG_TRY(take_value(text, option, options));
    } while (take(text, ','));
    skip_spaces(text);
    return *text->at == 0 ? WG_OK : expected(text, "\",\" or the end");
}

wg_status wg_options_parse(wg_option_table table, void *options, const char *text, const char *op)
{
    if (!options || !text)
        return wg_fail(WG_E_NULL, op, "%s: the %s NULL", op, options ? "text is" : "options are");
    char *draft = calloc(1, table.size + table.n + 1);     /* and, behind it, which options are given */
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* a comma is never a decimal point */
    wg_status status = draft && c ? WG_OK : wg_fail(WG_E_MEMORY, op, "%s: out of memory", op);
    if (status == WG_OK) {
        const locale_t before = uselocale(c);
        memcpy(draft, options, table.size);
        status = take_options(&(struct text){text, text, op, (bool *)draft + table.size}, table, draft);
        uselocale(before);
    }
    if (status == WG_OK)
        status = wg_options_check(table, draft, op);
    if (status == WG_OK)
        memcpy(options, draft, table.size);
    if (c)
        freelocale(c);
    free(draft);
    return status;
}

void wg_options_reset(wg_option_table table, void *options)
{
    if (!options)
        return;
    memset(options, 0, table.size);
    for (size_t i = 0; i < table.n; i++) {
        const wg_option *option = &table.option[i];
        if (option->type == WG_OPTION_TENSOR) {
            wg_tensor *none = WG_NONE;
            memcpy((char *)options + option->offset, &none, sizeof(wg_tensor *));
        } else if (!option->required) {
            wg_option_set(option, options, option->preset);
        }
    }
}
