/* Initial weights. */
#ifndef WENGERT_NN_INIT_H
#define WENGERT_NN_INIT_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_init_xavier_uniform(t, g): before C23 a macro's "..." takes an argument */
#endif

#include "../options.h"
#include "../random.h"
#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of a weight (out, in, …): fan_in is the product of all extents but the first, fan_out of all but the second. */
typedef enum wg_fan { WG_FAN_IN, WG_FAN_OUT } wg_fan;

#define WG_SQRT_2 1.4142135623730951

/* The rules of init.def, which states their formulas and options. */
typedef enum wg_init_rule {
#define WG_INIT_EACH(name, NAME) WG_INIT_##NAME,
#include "../init.def"
} wg_init_rule;

/* Fill t (f32 or f64), whole or not at all; on an open tape the change is an effect, undone if the step fails:

       wg_init_kaiming_normal(w, generator, .fan = WG_FAN_OUT)    wg_init_normal(w, generator, 0, 0.02)    wg_init_zeros(b)

   The same state of the generator gives the same elements for any number of threads. E_NULL, E_DTYPE; E_SHAPE and E_ARGUMENT where the
   rule does not take t's shape or an option's value; E_MEMORY. */
#define WG_VALUE(name, help, ...) double name;
#define WG_REAL(name, preset, help, ...) double name;
#define WG_INT(name, preset, help, ...) int64_t name;
#define WG_CHOICE(name, preset, help, type) type name;
#define WG_INIT(name, NAME, options)                   \
    typedef struct WG_NAMED wg_init_##name##_options { \
        options                                        \
    } wg_init_##name##_options;                        \
    WG_API WG_MUST_CHECK wg_status wg_init_##name##_with(wg_tensor *t, wg_tensor *generator_, wg_init_##name##_options options_);
#define WG_INIT_FIXED(name, NAME, options)             \
    typedef struct WG_NAMED wg_init_##name##_options { \
        options                                        \
    } wg_init_##name##_options;                        \
    WG_API WG_MUST_CHECK wg_status wg_init_##name##_with(wg_tensor *t, wg_init_##name##_options options_);
#define WG_INIT_PLAIN(name, NAME) WG_API WG_MUST_CHECK wg_status wg_init_##name(wg_tensor *t, wg_tensor *generator);
#define WG_INIT_FIXED_PLAIN(name, NAME) WG_API WG_MUST_CHECK wg_status wg_init_##name(wg_tensor *t);
#include "../init.def"
#undef WG_VALUE
#undef WG_REAL
#undef WG_INT
#undef WG_CHOICE
#include <wengert/init_options.h>

/* A new tensor by a rule, on the open tape or the caller's: wg_init_tensor(WG_F32, WG_SHAPE(4, 3), generator, WG_INIT_ORTHOGONAL, .gain =
   2). Options that are not given have the rule's defaults; one that the rule does not have is E_ARGUMENT, except a gain of 1, which is
   none. A rule that draws nothing leaves the generator alone. E_NULL, E_SHAPE, E_ARGUMENT, E_DTYPE, E_MEMORY. */
#define wg_init_tensor(dtype, shape, generator, rule, ...) \
    wg_init_tensor_with((dtype), (shape), (generator), (rule), WG_INIT_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_init_tensor_with(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule,
                                      wg_init_options options);

/* The same into t, for a rule that is known to the program only: wg_init_by(t, generator, rule, .gain = 2). */
#define wg_init_by(t, generator, rule, ...) wg_init_by_with((t), (generator), (rule), WG_INIT_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_init_by_with(wg_tensor *t, wg_tensor *generator, wg_init_rule rule, wg_init_options options);

#ifdef __cplusplus
}
#endif

#endif
