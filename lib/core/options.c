/* Options described by a table: reading, setting, checking and printing them. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"
#include "core/options.h"

/* ---- one option ---- */

static const int64_t *whole_of(const wg_option *option, const void *options)
{
    return (const int64_t *)(const void *)((const char *)options + option->offset);
}

/* How many whole numbers an option is; 0 if it is something else. */
static int whole_numbers(const wg_option *option)
{
    return option->type == WG_OPTION_INT ? 1 : option->type == WG_OPTION_PAIR ? 2 : option->type == WG_OPTION_TRIPLE ? 3 : 0;
}

static double value_of(const wg_option *option, const void *options)
{
    const int64_t *whole = whole_of(option, options);
    const void *at = (const char *)options + option->offset;
    switch (option->type) {
    case WG_OPTION_BOOL:
        return *(const bool *)at;
    case WG_OPTION_INT:
        return (double)*(const int64_t *)at;
    case WG_OPTION_REAL:
        return *(const double *)at;
    case WG_OPTION_PAIR:
    case WG_OPTION_TRIPLE:
        for (int i = 1; i < whole_numbers(option); i++)
            if (whole[i] != whole[0])
                return NAN;
        return (double)whole[0];
    case WG_OPTION_DTYPE:
    case WG_OPTION_CHOICE:
        return *(const unsigned *)at;
    case WG_OPTION_TENSOR:
    case WG_OPTION_MILESTONES:
        return 0;
    case WG_OPTION_SHAPE:
        return ((const wg_shape *)at)->rank;
    }
    return 0;
}

/* Is it a number? */
static bool is_number(const wg_option *option)
{
    return option->type != WG_OPTION_TENSOR && option->type != WG_OPTION_MILESTONES && option->type != WG_OPTION_SHAPE;
}

static const char *not_a_number(const wg_option *option)
{
    return option->type == WG_OPTION_TENSOR ? "tensor" : option->type == WG_OPTION_SHAPE ? "shape" : "list";
}

static const wg_milestones *milestones_of(const wg_option *option, const void *options)
{
    return (const wg_milestones *)((const char *)options + option->offset);
}

static const wg_shape *shape_of(const wg_option *option, const void *options)
{
    return (const wg_shape *)(const void *)((const char *)options + option->offset);
}

void wg_option_set(const wg_option *option, void *options, double value)
{
    void *at = (char *)options + option->offset;
    switch (option->type) {
    case WG_OPTION_BOOL:
        *(bool *)at = value != 0;
        break;
    case WG_OPTION_INT:
        *(int64_t *)at = (int64_t)value;
        break;
    case WG_OPTION_REAL:
        *(double *)at = value;
        break;
    case WG_OPTION_PAIR:
    case WG_OPTION_TRIPLE:
        for (int i = 0; i < whole_numbers(option); i++)
            ((int64_t *)at)[i] = (int64_t)value;
        break;
    case WG_OPTION_DTYPE:
    case WG_OPTION_CHOICE:
        *(unsigned *)at = (unsigned)value;
        break;
    case WG_OPTION_SHAPE: /* of no axis, the only default */
        *(wg_shape *)at = WG_SCALAR;
        break;
    case WG_OPTION_TENSOR:
    case WG_OPTION_MILESTONES:
        break;
    }
}

static int choices(const wg_option *option)
{
    int n = 0;
    while (option->choice && option->choice[n])
        n++;
    return n;
}

/* ---- ranges ---- */

static bool is_choice(const wg_option *option, double value)
{
    return value >= 0 && value < choices(option) && value == floor(value);
}

/* Is value the default of an option that must be given? */
static bool is_missing(const wg_option *option, double value)
{
    if (option->type == WG_OPTION_REAL)
        return isnan(option->preset) && isnan(value);
    return option->type == WG_OPTION_INT && option->preset == (double)WG_REQUIRED_INT && value == option->preset;
}

static wg_status missing(const wg_option *option, const char *op)
{
    return wg_fail(WG_E_ARGUMENT, op, "%s: expected a value for %s, which has no default", op, option->name);
}

static wg_status check_dtype(const wg_option *option, double value, const char *op)
{
    if (value == WG_F32 || value == WG_F64)
        return WG_OK;
    if (value != WG_I64 && value != WG_U8)
        return wg_fail(WG_E_DTYPE, op, "%s: expected %s f32 or f64, got the number %g", op, option->name, value);
    return wg_fail(WG_E_DTYPE, op, "%s: expected %s f32 or f64, got %s", op, option->name, wg_dtype_name((wg_dtype)value));
}

/* The name in messages. An argument that has no name in the call is said with what it is, "in (features of x)". */
static const char *name_of(const wg_option *option, char *text, size_t size)
{
    if (!option->required || !option->help)
        return option->name;
    snprintf(text, size, "%s (%s)", option->name, option->help);
    return text;
}

/* "expected merge to be one of 2 values, 0 (sum), 1 (mean), got 5"; a long list is cut. */
static wg_status no_choice(const wg_option *option, const char *name, double value, const char *op)
{
    char list[240] = "";
    size_t used = 0;
    int i = 0;
    for (; i < choices(option) && used < 160; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, ", %d (%.40s)", i, option->choice[i]);
    if (i < choices(option))
        snprintf(list + used, sizeof list - used, ", …");
    return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s to be one of %d values%s, got %g", op, name, choices(option), list, value);
}

static wg_status check(const wg_option *option, double value, const char *op)
{
    char text[120];
    const char *name = name_of(option, text, sizeof text);
    if (is_missing(option, value))
        return missing(option, op);
    switch (option->type) {
    case WG_OPTION_TENSOR:
    case WG_OPTION_MILESTONES:
    case WG_OPTION_SHAPE:
        return WG_OK;
    case WG_OPTION_CHOICE:
        return is_choice(option, value) ? WG_OK : no_choice(option, name, value, op);
    case WG_OPTION_DTYPE:
        return check_dtype(option, value, op);
    case WG_OPTION_BOOL:
        return value == 0 || value == 1 ? WG_OK
                                        : wg_fail(WG_E_ARGUMENT, op, "%s: expected %s to be 0 or 1, got %g", op, name, value);
    case WG_OPTION_INT:
    case WG_OPTION_PAIR:
    case WG_OPTION_TRIPLE:
        if (isfinite(value) && (value != floor(value) || !(value >= -0x1p63 && value < 0x1p63)))
            return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s to be a whole number of 64 bits, got %g", op, name, value);
        break;
    case WG_OPTION_REAL:
        break;
    }
    return wg_check_number(op, name, value, option->range);
}

static wg_status check_milestones(const wg_option *option, const wg_milestones *list, const char *op)
{
    if (list->count < 1 || list->count > WG_MAX_MILESTONES)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s to be 1 to %d steps, got %d", op, option->name, WG_MAX_MILESTONES,
                       list->count);
    for (int i = 0; i < list->count; i++) {
        WG_TRY(wg_check_number(op, option->name, (double)list->step[i], option->range));
        if (i > 0 && list->step[i] <= list->step[i - 1])
            return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s in increasing order, got %lld after %lld", op, option->name,
                           (long long)list->step[i], (long long)list->step[i - 1]);
    }
    return WG_OK;
}

static wg_status check_shape(const wg_option *option, const wg_shape *shape, const char *op)
{
    if (shape->rank < 0 || shape->rank > WG_MAX_RANK)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s of at most %d axes, got %d", op, option->name, WG_MAX_RANK, shape->rank);
    for (int axis = 0; axis < shape->rank; axis++)
        WG_TRY(wg_check_number(op, option->name, (double)shape->extent[axis], option->range));
    return WG_OK;
}

/* The whole numbers of an option. As a double the largest of them would be one that is too large. */
static wg_status check_whole(const wg_option *option, const int64_t *value, const char *op)
{
    char text[120];
    if (option->type == WG_OPTION_INT && option->preset == (double)WG_REQUIRED_INT && *value == WG_REQUIRED_INT)
        return missing(option, op);
    for (int i = 0; i < whole_numbers(option); i++)
        WG_TRY(wg_check_number(op, name_of(option, text, sizeof text), (double)value[i], option->range));
    return WG_OK;
}

wg_status wg_options_check(wg_option_table table, const void *options, const char *op)
{
    if (!options)
        return wg_fail(WG_E_NULL, op, "%s: the options are NULL", op);
    for (size_t i = 0; i < table.n; i++) {
        const wg_option *option = &table.option[i];
        if (whole_numbers(option) > 0) {
            WG_TRY(check_whole(option, whole_of(option, options), op));
            continue;
        }
        WG_TRY(check(option, value_of(option, options), op));
        if (option->type == WG_OPTION_MILESTONES)
            WG_TRY(check_milestones(option, milestones_of(option, options), op));
        if (option->type == WG_OPTION_SHAPE)
            WG_TRY(check_shape(option, shape_of(option, options), op));
    }
    return WG_OK;
}

/* ---- by name ---- */

wg_status wg_option_find(wg_option_table table, const char *name, const wg_option **found, const char *op)
{
    char names[400] = "none";
    size_t used = 0;
    if (!name)
        return wg_fail(WG_E_NULL, op, "%s: the options, the name of one or where its value goes is NULL", op);
    for (size_t i = 0; i < table.n; i++) {
        if (strcmp(table.option[i].name, name) == 0) {
            *found = &table.option[i];
            return WG_OK;
        }
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", table.option[i].name);
    }
    return wg_fail(WG_E_ARGUMENT, op, "%s: there is no option \"%s\": the options are %s", op, name, names);
}

wg_status wg_options_set(wg_option_table table, void *options, const char *name, double value, const char *op)
{
    const wg_option *option = NULL;
    WG_TRY(wg_option_find(table, options ? name : NULL, &option, op));
    if (!is_number(option))
        return wg_fail(WG_E_ARGUMENT, op, "%s: %s is a %s, and not set by a number", op, name, not_a_number(option));
    WG_TRY(check(option, value, op));
    wg_option_set(option, options, value);
    return WG_OK;
}

wg_status wg_options_get(wg_option_table table, const void *options, const char *name, double *value, const char *op)
{
    const wg_option *option = NULL;
    WG_TRY(wg_option_find(table, options && value ? name : NULL, &option, op));
    if (!is_number(option))
        return wg_fail(WG_E_ARGUMENT, op, "%s: %s is a %s, not a number", op, name, not_a_number(option));
    *value = value_of(option, options);
    return WG_OK;
}

int64_t *wg_option_whole(const wg_option *option, void *options, int *n)
{
    *n = whole_numbers(option);
    return (int64_t *)(uintptr_t)whole_of(option, options);
}

/* ---- as text ---- */

/* "(1, 2)", with those brackets. */
static void say_list(const int64_t *number, int n, const char *brackets, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%c", brackets[0]);
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i ? ", " : "", (long long)number[i]);
    if (used < size)
        snprintf(text + used, size - used, "%c", brackets[1]);
}

/* With as many digits as it takes to read the same number. */
static void say_number(double value, char *text, size_t size)
{
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

static void say_value(const wg_option *option, const void *options, char *text, size_t size)
{
    const double value = value_of(option, options);
    if (whole_numbers(option) > 1)
        say_list(whole_of(option, options), whole_numbers(option), "()", text, size);
    else if (option->type == WG_OPTION_SHAPE)
        say_list(shape_of(option, options)->extent, shape_of(option, options)->rank, "()", text, size);
    else if (option->type == WG_OPTION_BOOL)
        snprintf(text, size, "%s", value != 0 ? "true" : "false");
    else if (option->type == WG_OPTION_DTYPE)
        snprintf(text, size, "%s", wg_dtype_name((wg_dtype)value));
    else if (option->type == WG_OPTION_CHOICE && is_choice(option, value))
        snprintf(text, size, "%s", option->choice[(size_t)value]);
    else if (option->type == WG_OPTION_INT)
        snprintf(text, size, "%lld", (long long)*whole_of(option, options));
    else
        say_number(value, text, size);
}

/* Whole numbers are compared as such: two of them may be one double. */
static bool is_default(const wg_option *option, const void *options)
{
    const double value = value_of(option, options);
    return value == option->preset && (option->type != WG_OPTION_INT || *whole_of(option, options) == (int64_t)option->preset);
}

/* In the locale of C, in which a comma is never a decimal point. */
char *wg_options_text(wg_option_table table, const void *options, bool all, char *text, size_t size)
{
    size_t used = 0;
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = c ? uselocale(c) : (locale_t)0;
    if (size > 0)
        text[0] = 0;
    for (size_t i = 0; options && i < table.n && used < size; i++) {
        const wg_option *option = &table.option[i];
        const bool is_list = option->type == WG_OPTION_MILESTONES;
        char said[WG_MAX_MILESTONES * 22 + 3]; /* a list of the longest steps */
        if (option->type == WG_OPTION_TENSOR || (!all && !is_list && !option->required && is_default(option, options)))
            continue;
        if (is_list)
            say_list(milestones_of(option, options)->step, milestones_of(option, options)->count, "[]", said, sizeof said);
        else
            say_value(option, options, said, sizeof said);
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? ", " : "", option->name, said);
    }
    if (c) {
        uselocale(before);
        freelocale(c);
    }
    return text;
}
