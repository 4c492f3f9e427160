"""The video judge's instruments, every one blind to how the clip was made, in rooms.

Here lies what all share (`reel`, `shots`, `pulse`, `lines`, `sight`, `filmed`, bound in `screened`;
`found`, `scored` and `odds` for what is read off them), and three small instruments (`container`,
`decency`, `poster`). The rooms:

- `frames`: whole frames: time, cuts, light, sharpness.
- `overlays`: what lies on the picture: captions and their claims, foreign marks, bars.
- `letters`: whether letters stay what they say and how they look.
- `product`: whether the product stays itself.
- `sudden`: what jumps at one frame. `slow`: what bends and springs back.
- `risk`: what melts, as a rank among generated clips.
- `places`: the clip place by place on a grid, which most of the others stand on.

Arrows run one way: sudden → slow, every room → what is shared → places.
"""
