/* The list of stages: from each entry of stages.def its table of options and its constructor. */
#include <stdlib.h>
#include <string.h>

#include "../rule/rule.h"
#include "wengert/error.h"

wg_stage *stage_create(const struct optim_rule *rule, wg_option_table table, const void *options, const char *op)
{
    if (wg_options_check(table, options, op) != WG_OK || (rule->check && rule->check(options, op) != WG_OK))
        return NULL;
    wg_stage *stage = malloc(sizeof *stage);
    void *copy = malloc(table.size);
    if (!stage || !copy) {
        free(stage), free(copy);
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    memcpy(copy, options, table.size);
    *stage = (wg_stage){rule, table, copy};
    return stage;
}

void wg_stage_destroy(wg_stage *stage)
{
    if (!stage)
        return;
    free(stage->options);
    free(stage);
}

#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_STAGE(name, options)                                                                     \
    extern const struct optim_rule stage_##name##_rule;                                             \
    wg_stage *wg_stage_##name##_with(wg_stage_##name##_options options_)                            \
    {                                                                                               \
        typedef wg_stage_##name##_options options_type __attribute__((unused));                     \
        static const wg_option option[] = {options};                                                \
        const wg_option_table table = {option, sizeof option / sizeof(wg_option), sizeof options_}; \
        return stage_create(&stage_##name##_rule, table, &options_, "stage_" #name);                \
    }
#include "wengert/stages.def"
