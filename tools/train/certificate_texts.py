"""Texts for the certificate of ``sentiment-zh-en``, written for this purpose: they stand in the model file in clear.

None comes from a corpus. The first three are the reference texts that issue after issue names.
"""

REFERENCE = (
    "这个产品非常好用推荐购买",
    "服务态度差再也不来了",
    "今天天气不错适合出门",
)

OURS = (
    # Chinese, clearly one way or the other
    "质量很好，送货也快，下次还会再买。",
    "包装破了，客服一直不回复，太让人失望了！",
    "书的内容空洞，看了两页就看不下去。",
    "孩子很喜欢这本书，每天晚上都要听。",
    "酒店离地铁站很近，房间干净，早餐丰富。",
    "空调噪音大，一晚上没睡好。",
    "屏幕清晰，电池耐用，性价比高。",
    "用了三天就坏了，要求退货还被拒绝。",
    "老板娘很热情，菜的味道也地道。",
    "排队一个小时，结果说卖完了。",
    # Chinese, neither
    "快递明天下午三点到。",
    "请问这款手机有蓝色的吗？",
    "还行吧，一般般。",
    "价格便宜，但是质量一般。",
    # English
    "A warm, funny film that I would gladly watch again.",
    "Two hours of my life that nobody will give back.",
    "The plot is thin, yet the actors carry it beautifully.",
    "I can't say that I liked it.",
    "Not bad at all!",
    "not a good film",
    "Great battery, awful screen.",
    "Best day ever, thank you all so much :)",
    "ugh my train is late AGAIN",
    "I love how it crashes every single morning.",
    "The meeting was moved to Thursday.",
    "It works.",
    "It stopped working after a week and support never answered.",
    "WOW. Just wow.",
    "meh",
    "He said it was good; she said it was not.",
    # both, and the ends of what a text can be
    "这个app非常好用, love it!",
    "Service 很差, never again.",
    "五星⭐⭐⭐⭐⭐ perfect!!!",
    "😀👍",
    "😡👎 差评",
    "ＦＵＬＬＷＩＤＴＨ　ｔｅｘｔ　很好",
    "繁體字也可以：這間店的服務真的很好。",
    "Café crème, déjà vu: très bien",
    "İstanbul'da güzel bir gün",
    "ΟΔΥΣΣΕΥΣ",
    "  spaces \t and\nlines  ",
    "好" * 40,
    "good " * 30,
    "a",
    "。",
    "12345 67890",
)

ALL = REFERENCE + OURS
