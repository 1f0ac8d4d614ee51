/* What an epoch gives: the columns of its logs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"
#include "wengert/error.h"

static const char prefix[] = "validation_";

static wg_status add(struct columns *columns, const char *name, const wg_metric *metric, const char *op)
{
    for (size_t i = 0; i < columns->n; i++)
        if (strcmp(columns->value[i].name, name) == 0 || strcmp(name, "epoch") == 0)
            return wg_error_set(WG_E_ARGUMENT, op,
                                "%s: expected metrics of different names, got \"%s\" twice (.name = … of a metric)", op, name);
    columns->value[columns->n] = (wg_train_value){name, NAN};
    columns->metric[columns->n++] = metric;
    return WG_OK;
}

static wg_status check_list(const wg_metric_list *list, const char *what, size_t *bytes, const char *op)
{
    if (list->n > WG_MAX_METRICS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %d metrics in %s, got %zu", op, WG_MAX_METRICS, what, list->n);
    for (size_t i = 0; i < list->n; i++) {
        if (!list->metric[i])
            return wg_error_set(WG_E_NULL, op, "%s: metric %zu of %s is NULL", op, i, what);
        *bytes += strlen(wg_metric_name(list->metric[i])) + sizeof prefix;
    }
    return WG_OK;
}

wg_status columns_make(struct columns *columns, const wg_train_options *o, const wg_metric *loss, const char *op)
{
    size_t bytes = 1;
    WG_TRY(check_list(&o->metrics, ".metrics", &bytes, op));
    WG_TRY(check_list(&o->validation, ".validation", &bytes, op));
    char *at = columns->names = malloc(bytes);
    if (!at)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    WG_TRY(add(columns, "step", NULL, op));
    WG_TRY(add(columns, "lr", NULL, op));
    WG_TRY(add(columns, "loss", loss, op));
    for (size_t i = 0; i < o->metrics.n; i++)
        WG_TRY(add(columns, wg_metric_name(o->metrics.metric[i]), o->metrics.metric[i], op));
    for (size_t i = 0; i < o->validation.n; i++) {
        const char *name = at;
        at = stpcpy(stpcpy(at, prefix), wg_metric_name(o->validation.metric[i])) + 1;
        WG_TRY(add(columns, name, o->validation.metric[i], op));
    }
    return WG_OK;
}

void columns_fill(struct columns *columns, int64_t step, double lr)
{
    columns->value[0].value = (double)step;
    columns->value[1].value = lr;
    for (size_t i = 2; i < columns->n; i++)
        columns->value[i].value = wg_metric_value(columns->metric[i]);
}

void columns_free(struct columns *columns)
{
    free(columns->names);
}
