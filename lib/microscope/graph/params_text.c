/* The params of an op as text: "axis=1, keepdims". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "microscope/graph/scan.h"

/* The shortest decimal that reads back as x. In any locale the decimal point is a point. */
static void say_real(struct wg_text *text, double x)
{
    char digits[40];
    for (int n = 6; n <= 17; n++) {
        snprintf(digits, sizeof digits, "%.*g", n, x);
        if (strtod(digits, NULL) == x)
            break;
    }
    char *comma = strchr(digits, ',');
    if (comma)
        *comma = '.';
    wg_say(text, "%s", digits);
}

/* The value, or the first of two, as a number. */
static double value_of(const wg_param *param, const void *at)
{
    switch (param->type) {
    case WG_PARAM_REAL:
        return *(const double *)at;
    case WG_PARAM_INT:
        return *(const int *)at;
    case WG_PARAM_INT64:
    case WG_PARAM_PAIR:
        return (double)*(const int64_t *)at;
    case WG_PARAM_BOOL:
        return *(const bool *)at;
    case WG_PARAM_AXES:
        return *(const uint8_t *)at;
    case WG_PARAM_DTYPE:
        return *(const wg_dtype *)at;
    }
    return (double)NAN;
}

static void say_axes(struct wg_text *text, unsigned axes)
{
    for (int axis = 0, n = 0; axis < WG_MAX_RANK; axis++)
        if (axes >> axis & 1)
            wg_say(text, n++ ? " %d" : "%d", axis);
}

static void say_value(struct wg_text *text, const wg_param *param, const void *at)
{
    const int64_t *pair = at;
    const double value = value_of(param, at);
    switch (param->type) {
    case WG_PARAM_REAL:
        say_real(text, value);
        break;
    case WG_PARAM_INT:
    case WG_PARAM_INT64:
    case WG_PARAM_BOOL:
        wg_say(text, "%.0f", value);
        break;
    case WG_PARAM_PAIR:
        wg_say(text, pair[0] == pair[1] ? "%lld" : "%lldx%lld", (long long)pair[0], (long long)pair[1]);
        break;
    case WG_PARAM_AXES:
        say_axes(text, *(const uint8_t *)at);
        break;
    case WG_PARAM_DTYPE:
        wg_say(text, "%s", wg_dtype_name(*(const wg_dtype *)at));
        break;
    }
}

static bool is_preset(const wg_param *param, const void *at)
{
    return value_of(param, at) == param->preset &&
           (param->type != WG_PARAM_PAIR || ((const int64_t *)at)[1] == ((const int64_t *)at)[0]);
}

void wg_params_text(const struct wg_op *op, const void *params, char *at, size_t size)
{
    struct wg_text text = {at, size, 0};
    at[0] = 0;
    for (int i = 0; i < op->n_param && params; i++) {
        const wg_param *param = &op->param[i];
        const void *value = (const char *)params + param->offset;
        const char *name = strrchr(param->name, '.') ? strrchr(param->name, '.') + 1 : param->name;
        if (is_preset(param, value))
            continue;
        wg_say(&text, "%s%s", text.used ? ", " : "", name);
        if (param->type == WG_PARAM_BOOL && value_of(param, value) == 1 && name[0])
            continue;
        wg_say(&text, "%s", name[0] ? "=" : "");
        say_value(&text, param, value);
    }
}
