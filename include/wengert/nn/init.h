/* Initial weights. */
#ifndef WENGERT_NN_INIT_H
#define WENGERT_NN_INIT_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_init_xavier_uniform(t, g): before C23 a macro's "..." takes an argument */
#endif

#include "../random.h"
#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of a weight (out, in, …): fan_in is the product of all extents but the first, fan_out of all but the second. */
typedef enum wg_fan { WG_FAN_IN, WG_FAN_OUT } wg_fan;

/* Rules for weights. WG_INIT_LINEAR: U(±1/√fan_in), for the bias too; it is what PyTorch's nn.Linear does. Kaiming: variance
   gain²/fan, uniform U(±gain √(3/fan)) or normal (He, Zhang, Ren, Sun, 2015). Xavier: variance 2 gain²/(fan_in + fan_out) (Glorot,
   Bengio, 2010). With these two layers begin with a bias of 0. The gain makes up for the activation that follows: √2 for relu, 5/3
   for tanh, 1 for none. */
typedef enum wg_init_rule {
    WG_INIT_LINEAR,
    WG_INIT_KAIMING_UNIFORM,
    WG_INIT_KAIMING_NORMAL,
    WG_INIT_XAVIER_UNIFORM,
    WG_INIT_XAVIER_NORMAL
} wg_init_rule;

/* Options of Kaiming rules, and of wg_init_tensor. Xavier rules have no fan, as they use both; WG_INIT_LINEAR has no gain either:
   E_ARGUMENT if one is given where the rule does not read it. */
typedef struct WG_NAMED wg_init_options {
    double gain;
    wg_fan fan;
} wg_init_options;
#define WG_INIT_OPTIONS_(default_gain, ...) WG_OPTIONS(wg_init_options, .gain = (default_gain), .fan = WG_FAN_IN, __VA_ARGS__)
typedef struct WG_NAMED wg_init_xavier_options {
    double gain;
} wg_init_xavier_options;
#define WG_INIT_XAVIER_OPTIONS_(...) WG_INIT_OPTIONS_(WG_OPTIONS(wg_init_xavier_options, .gain = 1, __VA_ARGS__).gain)
#define WG_SQRT_2 1.4142135623730951

/* A new weight of rank 2 or more, drawn by a rule, on the open tape or the caller's. E_SHAPE, E_ARGUMENT, E_DTYPE, E_MEMORY. */
#define wg_init_tensor(dtype, shape, generator, rule, ...) \
    wg_init_tensor_with((dtype), (shape), (generator), (rule), WG_INIT_OPTIONS_(1, __VA_ARGS__))
WG_API wg_tensor *wg_init_tensor_with(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule,
                                      wg_init_options options);

/* Fill t (f32 or f64), whole or not at all; on an open tape the change is an effect. */
WG_API WG_MUST_CHECK wg_status wg_init_uniform(wg_tensor *t, wg_tensor *generator, double low, double high);
WG_API WG_MUST_CHECK wg_status wg_init_normal(wg_tensor *t, wg_tensor *generator, double mean, double deviation);
WG_API WG_MUST_CHECK wg_status wg_init_constant(wg_tensor *t, double value);
#define wg_init_kaiming_uniform(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_KAIMING_UNIFORM, WG_INIT_OPTIONS_(WG_SQRT_2, __VA_ARGS__))
#define wg_init_kaiming_normal(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_KAIMING_NORMAL, WG_INIT_OPTIONS_(WG_SQRT_2, __VA_ARGS__))
#define wg_init_xavier_uniform(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_XAVIER_UNIFORM, WG_INIT_XAVIER_OPTIONS_(__VA_ARGS__))
#define wg_init_xavier_normal(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_XAVIER_NORMAL, WG_INIT_XAVIER_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_init_with(wg_tensor *t, wg_tensor *generator, wg_init_rule rule, wg_init_options options);

#ifdef __cplusplus
}
#endif

#endif
