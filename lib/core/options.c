/* Options described by a table: reading, setting, checking and printing them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/internal.h"
#include "wengert/options.h"

/* ---- one option ---- */

static double value_of(const wg_option *option, const void *options)
{
    const void *at = (const char *)options + option->offset;
    switch (option->type) {
    case WG_OPTION_BOOL:
        return *(const bool *)at;
    case WG_OPTION_INT:
        return (double)*(const int64_t *)at;
    case WG_OPTION_REAL:
        return *(const double *)at;
    case WG_OPTION_DTYPE:
    case WG_OPTION_CHOICE:
        return *(const unsigned *)at;
    case WG_OPTION_TENSOR:
        return 0;
    }
    return 0;
}

static void set_value(const wg_option *option, void *options, double value)
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
    case WG_OPTION_DTYPE:
    case WG_OPTION_CHOICE:
        *(unsigned *)at = (unsigned)value;
        break;
    case WG_OPTION_TENSOR:
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

static wg_status check(const wg_option *option, double value, const char *op)
{
    const char *name = option->name;
    switch (option->type) {
    case WG_OPTION_TENSOR:
        return WG_OK;
    case WG_OPTION_CHOICE:
        return is_choice(option, value)
                   ? WG_OK
                   : wg_fail(WG_E_ARGUMENT, op, "%s: expected %s to be one of %d values, got %g", op, name, choices(option), value);
    case WG_OPTION_DTYPE:
        return value == WG_F32 || value == WG_F64 ? WG_OK : wg_fail(WG_E_ARGUMENT, op, "%s: expected %s f32 or f64", op, name);
    case WG_OPTION_BOOL:
    case WG_OPTION_INT:
        if (isfinite(value) && (value != floor(value) || !(value >= -0x1p63 && value < 0x1p63)))
            return wg_fail(WG_E_ARGUMENT, op, "%s: expected %s to be a whole number of 64 bits, got %g", op, name, value);
        break;
    case WG_OPTION_REAL:
        break;
    }
    return wg_check_number(op, name, value, option->range);
}

wg_status wg_options_check(wg_option_table table, const void *options, const char *op)
{
    if (!options)
        return wg_fail(WG_E_NULL, op, "%s: the options are NULL", op);
    for (size_t i = 0; i < table.n; i++)
        WG_TRY(check(&table.option[i], value_of(&table.option[i], options), op));
    return WG_OK;
}

/* ---- by name ---- */

static wg_status find(wg_option_table table, const char *name, const wg_option **found, const char *op)
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
    WG_TRY(find(table, options ? name : NULL, &option, op));
    if (option->type == WG_OPTION_TENSOR)
        return wg_fail(WG_E_ARGUMENT, op, "%s: %s is a tensor, and not set by a number", op, name);
    WG_TRY(check(option, value, op));
    set_value(option, options, value);
    return WG_OK;
}

wg_status wg_options_get(wg_option_table table, const void *options, const char *name, double *value, const char *op)
{
    const wg_option *option = NULL;
    WG_TRY(find(table, options && value ? name : NULL, &option, op));
    if (option->type == WG_OPTION_TENSOR)
        return wg_fail(WG_E_ARGUMENT, op, "%s: %s is a tensor, not a number", op, name);
    *value = value_of(option, options);
    return WG_OK;
}

/* ---- as text ---- */

static void say_value(const wg_option *option, double value, char *text, size_t size)
{
    if (option->type == WG_OPTION_BOOL)
        snprintf(text, size, "%s", value != 0 ? "true" : "false");
    else if (option->type == WG_OPTION_DTYPE)
        snprintf(text, size, "%s", wg_dtype_name((wg_dtype)value));
    else if (option->type == WG_OPTION_CHOICE && is_choice(option, value))
        snprintf(text, size, "%s", option->choice[(size_t)value]);
    else
        snprintf(text, size, "%.*g", option->type == WG_OPTION_INT ? 19 : 6, value);
}

char *wg_options_text(wg_option_table table, const void *options, bool all, char *text, size_t size)
{
    size_t used = 0;
    if (size > 0)
        text[0] = 0;
    for (size_t i = 0; options && i < table.n && used < size; i++) {
        const wg_option *option = &table.option[i];
        const double value = value_of(option, options);
        char number[64];
        if (option->type == WG_OPTION_TENSOR || (!all && !option->required && value == option->preset))
            continue;
        say_value(option, value, number, sizeof number);
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? ", " : "", option->name, number);
    }
    return text;
}
